use futures::future::try_join_all;
use job::{Record, StateKind};
use ports::{LedgerError, ListFilter};

use crate::RedisLedger;
use crate::codec;
use crate::keys::job_key;
use crate::scan::Scan;

/// What follows the tag in the key of a record.
const RECORDS: &str = "job:*";

/// The keys of the records that may match.
async fn look(
    ledger: &RedisLedger,
    filter: &ListFilter,
    mut keys: Vec<String>,
) -> Result<Vec<String>, LedgerError> {
    keys.retain(|key| match (&filter.tenant, job_key(key)) {
        (Some(tenant), Some(key)) => key.tenant == *tenant,
        (None, found) => found.is_some(),
        (Some(_), None) => false,
    });
    let states = keys.iter().map(|key| async move {
        let mut command = redis::cmd("HGET");
        command.arg(key).arg("s");
        ledger.at_key(key).ask_one::<Option<String>>(key, &command).await
    });
    let states = try_join_all(states).await?;
    let found = keys.into_iter().zip(states).filter(|(_, state)| match state {
        Ok(state) => filter.wants(state.as_deref().and_then(StateKind::parse)),
        Err(_) => false,
    });
    Ok(found.map(|(key, _)| key).collect())
}

/// The record with this key, if it is there and can be read: another one must not hide the others.
pub(crate) async fn read(ledger: &RedisLedger, key: &str) -> Result<Option<Record>, LedgerError> {
    let mut command = redis::cmd("HGET");
    command.arg(key).arg("b");
    let body = ledger.at_key(key).ask_one::<Option<Vec<u8>>>(key, &command).await?;
    let body = ledger.unreadable.skip(body).flatten();
    Ok(body.and_then(|body| ledger.unreadable.skip(codec::from_json(key, &body))))
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
        let keys = look(ledger, filter, keys).await?;
        let sizes = sizes(ledger, &keys).await?;
        for some in portions(&keys, &sizes) {
            let records = try_join_all(some.iter().map(|key| read(ledger, key))).await?;
            let records = records.into_iter().flatten().filter(|record| filter.takes(record));
            records.for_each(|record| visit(&record));
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
