use std::collections::BTreeSet;

use futures::future::try_join_all;
use job::Record;
use ports::{LedgerError, ListFilter};

use crate::RedisLedger;
use crate::codec;
use crate::keys::job_key;
use crate::link::Repeat;

/// Keys looked at in one step of the scan: a step holds up every other caller.
const STEP: usize = 1000;

/// Bodies asked for at once.
const BODIES: usize = 64;

/// Looks at a few bytes of every record, and reads only those that are to be shown.
pub(crate) async fn list(
    ledger: &RedisLedger,
    filter: &ListFilter,
) -> Result<Vec<Record>, LedgerError> {
    let mut newest = BTreeSet::new();
    let mut cursor: u64 = 0;
    loop {
        let (next, keys) = scan(ledger, cursor).await?;
        for found in look(ledger, filter, keys).await? {
            newest.insert(found);
            if newest.len() > filter.limit {
                newest.pop_first();
            }
        }
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    let keys: Vec<String> = newest.into_iter().rev().map(|(_, key)| key).collect();
    read(ledger, &keys).await
}

async fn scan(ledger: &RedisLedger, cursor: u64) -> Result<(u64, Vec<String>), LedgerError> {
    let mut command = redis::cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(ledger.keys.record_pattern()).arg("COUNT").arg(STEP);
    ledger.link.ask(&command, Repeat::Safe).await
}

/// Creation time and key of those that the filter takes.
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
        ledger.link.ask_one::<(Option<String>, Option<i64>)>(key, &command).await
    });
    let seen = try_join_all(looks).await?;
    let taken = keys.iter().zip(seen).filter_map(|(key, look)| {
        let (state, created) = ledger.unreadable.skip(look)?;
        let wanted = filter.wants(state.as_deref().unwrap_or_default());
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
            ledger.link.ask_one::<Option<Vec<u8>>>(key, &command).await
        });
        let found = try_join_all(bodies).await?.into_iter();
        let found = found.map(|body| ledger.unreadable.skip(body).flatten());
        let there = some.iter().zip(found).filter_map(|(key, body)| Some((key, body?)));
        // One unreadable record must not hide all others.
        let read = there.map(|(key, body)| codec::from_json(key, &body));
        records.extend(read.filter_map(|record| ledger.unreadable.skip(record)));
    }
    Ok(records)
}
