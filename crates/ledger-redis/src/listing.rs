use std::collections::BTreeSet;

use futures::future::try_join_all;
use job::{Record, StateKind};
use ports::{LedgerError, ListFilter};

use crate::RedisLedger;
use crate::codec;
use crate::keys::job_key;
use crate::scan::Scan;

/// What follows the tag in the key of a record.
const RECORDS: &str = "job:*";

/// Bodies requested at once.
const BODIES: usize = 64;

/// Reads a few bytes of every record, and the bodies only of those to return.
pub(crate) async fn list(
    ledger: &RedisLedger,
    filter: &ListFilter,
) -> Result<Vec<Record>, LedgerError> {
    let mut newest = BTreeSet::new();
    let mut scan = Scan::of(ledger, RECORDS);
    while let Some(keys) = scan.next().await? {
        for found in look(ledger, filter, keys).await? {
            newest.insert(found);
            if newest.len() > filter.limit {
                newest.pop_first();
            }
        }
    }
    let keys: Vec<String> = newest.into_iter().rev().map(|(_, key)| key).collect();
    read(ledger, &keys).await
}

/// Creation time and key of the records that match.
async fn look(
    ledger: &RedisLedger,
    filter: &ListFilter,
    mut keys: Vec<String>,
) -> Result<Vec<(i64, String)>, LedgerError> {
    keys.retain(|key| match (&filter.tenant, job_key(key)) {
        (Some(tenant), Some(key)) => key.tenant == *tenant,
        (None, found) => found.is_some(),
        (Some(_), None) => false,
    });
    let looks = keys.iter().map(|key| async move {
        let mut command = redis::cmd("HMGET");
        command.arg(key).arg(&["s", "c"]);
        ledger.at_key(key).ask_one::<(Option<String>, Option<i64>)>(key, &command).await
    });
    let seen = try_join_all(looks).await?;
    let taken = keys.iter().zip(seen).filter_map(|(key, look)| {
        let (state, created) = ledger.unreadable.skip(look)?;
        let wanted = filter.wants(state.as_deref().and_then(StateKind::parse));
        created.filter(|_| wanted).map(|created| (created, key.clone()))
    });
    Ok(taken.collect())
}

async fn read(ledger: &RedisLedger, keys: &[String]) -> Result<Vec<Record>, LedgerError> {
    let mut records = Vec::with_capacity(keys.len());
    for some in keys.chunks(BODIES) {
        let bodies = some.iter().map(|key| async move {
            let mut command = redis::cmd("HGET");
            command.arg(key).arg("b");
            ledger.at_key(key).ask_one::<Option<Vec<u8>>>(key, &command).await
        });
        let found = try_join_all(bodies).await?.into_iter();
        let found = found.map(|body| ledger.unreadable.skip(body).flatten());
        let there = some.iter().zip(found).filter_map(|(key, body)| Some((key, body?)));
        // One unreadable record must not hide the others.
        let read = there.map(|(key, body)| codec::from_json(key, &body));
        records.extend(read.filter_map(|record| ledger.unreadable.skip(record)));
    }
    Ok(records)
}

/// Bytes of bodies requested at once.
const BODY_BYTES: usize = 4 * 1024 * 1024;

/// One step of the scan at a time, with its bodies in portions of limited size.
pub(crate) async fn visit(
    ledger: &RedisLedger,
    filter: &ListFilter,
    visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
) -> Result<(), LedgerError> {
    let mut scan = Scan::of(ledger, RECORDS);
    while let Some(keys) = scan.next().await? {
        let found = look(ledger, filter, keys).await?;
        let keys: Vec<String> = found.into_iter().map(|(_, key)| key).collect();
        let sizes = sizes(ledger, &keys).await?;
        for some in portions(&keys, &sizes) {
            read(ledger, some).await?.iter().for_each(&mut *visit);
        }
    }
    Ok(())
}

async fn sizes(ledger: &RedisLedger, keys: &[String]) -> Result<Vec<usize>, LedgerError> {
    let each = keys.iter().map(|key| async move {
        let mut command = redis::cmd("HSTRLEN");
        command.arg(key).arg("b");
        Ok(ledger.at_key(key).ask_one::<usize>(key, &command).await?.unwrap_or(0))
    });
    try_join_all(each).await
}

/// Splits the keys into portions that are small enough, or have one key.
fn portions<'a>(keys: &'a [String], sizes: &[usize]) -> Vec<&'a [String]> {
    let (mut portions, mut first, mut bytes) = (Vec::new(), 0, 0);
    for (n, size) in sizes.iter().enumerate() {
        if n > first && bytes + size > BODY_BYTES {
            portions.push(&keys[first..n]);
            (first, bytes) = (n, 0);
        }
        bytes += size;
    }
    if first < keys.len() {
        portions.push(&keys[first..]);
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_is_small_or_a_single_body() {
        let keys: Vec<String> = (0..6).map(|n| n.to_string()).collect();
        let lengths = |sizes: &[usize]| {
            portions(&keys[..sizes.len()], sizes).iter().map(|some| some.len()).collect::<Vec<_>>()
        };
        let half = BODY_BYTES / 2;
        assert_eq!(lengths(&[1, 1, 1, 1, 1, 1]), [6]);
        assert_eq!(lengths(&[half, half, 1, half]), [2, 2]);
        assert_eq!(lengths(&[BODY_BYTES * 2, 1, BODY_BYTES * 2]), [1, 1, 1]);
        assert!(lengths(&[]).is_empty());
    }
}
