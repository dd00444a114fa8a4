//! Rounds that have ended, from the hashes that `scripts/ended.lua` keeps.

use std::collections::{BTreeMap, HashMap};

use futures::future::try_join_all;
use job::{StateKind, Timestamp};
use ports::{Ended, LedgerError};

use crate::RedisLedger;

const HOUR: i64 = 3_600_000;

pub(crate) fn hour_of(slot: Timestamp) -> i64 {
    slot.as_millis().div_euclid(HOUR)
}

/// Of an hour's hash: slot, state and pool.
pub(crate) fn field(ended: &Ended) -> String {
    format!("{}|{}|{}", ended.slot.as_millis(), ended.state.word(), ended.pool)
}

fn parse(field: &str, count: u64) -> Option<Ended> {
    let mut parts = field.splitn(3, '|');
    let slot = Timestamp::from_millis(parts.next()?.parse().ok()?);
    let state = StateKind::parse(parts.next()?)?;
    Some(Ended { slot, state, pool: parts.next()?.to_owned(), count })
}

/// `now`: no later hour is looked at than the one after it, since clocks differ.
pub(crate) async fn ended(
    ledger: &RedisLedger,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Ended>, LedgerError> {
    let first = Ended::slot_of(since);
    let hours = hour_of(first)..=hour_of(now) + 1;
    let keys = ledger.keys.shards().iter();
    let keys = keys.flat_map(|shard| hours.clone().map(|hour| shard.ended(&hour.to_string())));
    let hashes = try_join_all(keys.map(|key| async move {
        let mut command = redis::cmd("HGETALL");
        command.arg(&key);
        ledger.at_key(&key).ask_one::<HashMap<String, u64>>(&key, &command).await
    }));
    let mut sums = BTreeMap::<(Timestamp, StateKind, String), u64>::new();
    for (field, count) in
        hashes.await?.into_iter().filter_map(|all| ledger.unreadable.skip(all)).flatten()
    {
        // A state that this version does not know.
        let Some(Ended { slot, state, pool, count }) = parse(&field, count) else { continue };
        if slot >= first {
            *sums.entry((slot, state, pool)).or_default() += count;
        }
    }
    let all = sums.into_iter();
    Ok(all.map(|((slot, state, pool), count)| Ended { slot, pool, state, count }).collect())
}
