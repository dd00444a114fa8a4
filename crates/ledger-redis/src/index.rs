//! Pages of the newest records, from the sorted sets that `scripts/listed.lua` keeps.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use futures::future::try_join_all;
use job::{JobKey, Record, StateKind, Timestamp};
use ports::{Cursor, LedgerError, ListFilter, Page, Walk};

use crate::RedisLedger;
use crate::listing::read;

/// A name tells its tenant. Its state has to be asked for, which takes as long as so many names.
const ASKED_PER_NAME: u64 = 10;

/// Records whose fields are requested at once.
const STEP: usize = 64;

pub(crate) async fn page(
    ledger: &RedisLedger,
    filter: &ListFilter,
    after: Option<&Cursor>,
) -> Result<Page, LedgerError> {
    let sets = sets(ledger, filter).await?;
    let mut walk = Walk::new(filter, after);
    while let Some(count) = walk.wants() {
        let (places, is_last) = places(ledger, &sets, filter, walk.after(), count).await?;
        look_at(ledger, filter, &mut walk, places, is_last).await?;
    }
    Ok(walk.page())
}

/// The sets that have all records wanted: of the tenant or of the states, whichever are faster to read.
async fn sets(ledger: &RedisLedger, filter: &ListFilter) -> Result<Vec<String>, LedgerError> {
    let states = match filter.states.as_slice() {
        [] => &StateKind::ALL[..],
        states => states,
    };
    let names: BTreeSet<&str> = states.iter().map(|state| set_of(*state)).collect();
    let shards = ledger.keys.shards().iter();
    let of_states = shards
        .clone()
        .flat_map(|shard| names.iter().map(|name| shard.listed(name)))
        .collect::<Vec<_>>();
    let Some(tenant) = &filter.tenant else { return Ok(of_states) };
    let of_tenant = shards.map(|shard| shard.tenant(tenant.as_str())).collect::<Vec<_>>();
    if filter.states.is_empty() {
        return Ok(of_tenant);
    }
    let (fewer, more) = (size(ledger, &of_tenant).await?, size(ledger, &of_states).await?);
    Ok(if fewer.saturating_mul(ASKED_PER_NAME) <= more { of_tenant } else { of_states })
}

async fn size(ledger: &RedisLedger, sets: &[String]) -> Result<u64, LedgerError> {
    let sizes = sets.iter().map(|set| async move {
        let mut command = redis::cmd("ZCARD");
        command.arg(set);
        ledger.at_key(set).ask_one::<u64>(set, &command).await
    });
    let sizes = try_join_all(sizes).await?.into_iter();
    Ok(sizes.filter_map(|size| ledger.unreadable.skip(size)).sum())
}

/// The next places of a list, and whether there are no more. Equal ones are of a record that has
/// changed its state meanwhile.
async fn places(
    ledger: &RedisLedger,
    sets: &[String],
    filter: &ListFilter,
    after: Option<&Cursor>,
    count: usize,
) -> Result<(Vec<Cursor>, bool), LedgerError> {
    let from = after.map_or_else(|| "+".to_owned(), |place| format!("({}", name(place)));
    let to = filter.since.map_or_else(|| "-".to_owned(), |since| format!("[{}", time(since)));
    let found = try_join_all(sets.iter().map(|set| {
        let mut command = redis::cmd("ZREVRANGEBYLEX");
        command.arg(set).arg(&from).arg(&to).arg("LIMIT").arg(0).arg(count);
        async move { ledger.at_key(set).ask_one::<Vec<String>>(set, &command).await }
    }));
    let found = found.await?.into_iter().filter_map(|names| ledger.unreadable.skip(names));
    let found = found.collect::<Vec<_>>();
    let is_whole = found.iter().all(|names| names.len() < count);
    let mut places: Vec<Cursor> = found.iter().flatten().filter_map(|name| parse(name)).collect();
    places.sort_by_cached_key(|place| Reverse(place.order()));
    places.dedup();
    let is_last = is_whole && places.len() <= count;
    places.truncate(count);
    Ok((places, is_last))
}

async fn look_at(
    ledger: &RedisLedger,
    filter: &ListFilter,
    walk: &mut Walk<'_>,
    places: Vec<Cursor>,
    is_last: bool,
) -> Result<(), LedgerError> {
    if places.is_empty() {
        walk.look_at([], is_last);
    }
    let mut steps = places.chunks(STEP).peekable();
    while let Some(step) = steps.next() {
        let records = try_join_all(step.iter().map(|place| look(ledger, filter, place))).await?;
        let looked_at = step.iter().cloned().zip(records);
        walk.look_at(looked_at, is_last && steps.peek().is_none());
        if walk.wants().is_none() {
            break;
        }
    }
    Ok(())
}

/// The record at this place, if it may be wanted. A record that has expired leaves its name, and one
/// of the same key has another place.
async fn look(
    ledger: &RedisLedger,
    filter: &ListFilter,
    place: &Cursor,
) -> Result<Option<Record>, LedgerError> {
    if filter.tenant.as_ref().is_some_and(|tenant| place.key.tenant != *tenant) {
        return Ok(None);
    }
    let key = ledger.keys.shard_of(&place.key).record(&place.key);
    let mut command = redis::cmd("HMGET");
    command.arg(&key).arg(&["s", "c", "p"]);
    type Fields = (Option<String>, Option<i64>, Option<String>);
    let fields = ledger.at_key(&key).ask_one::<Fields>(&key, &command).await?;
    let Some((state, created, operation)) = ledger.unreadable.skip(fields) else { return Ok(None) };
    let same = created == Some(place.created_at.as_millis());
    let state = state.as_deref().and_then(StateKind::parse);
    let wanted = match (&filter.operation, operation) {
        (Some(wanted), Some(operation)) => wanted.as_str() == operation,
        (Some(_) | None, _) => true,
    };
    match same && wanted && filter.wants(state) {
        true => read(ledger, &key).await,
        false => Ok(None),
    }
}

/// The set that has the records in a state, as in `scripts/listed.lua`.
fn set_of(state: StateKind) -> &'static str {
    match state {
        StateKind::Queued | StateKind::Submitting | StateKind::Pending => "active",
        StateKind::Waiting
        | StateKind::InDoubt
        | StateKind::Parked
        | StateKind::Succeeded
        | StateKind::Failed
        | StateKind::Rejected
        | StateKind::TimedOut
        | StateKind::Cancelled => state.word(),
    }
}

/// As `scripts/listed.lua` writes it.
fn name(place: &Cursor) -> String {
    format!("{}\n{}", time(place.created_at), place.key)
}

fn time(at: Timestamp) -> String {
    format!("{:013}", at.as_millis())
}

fn parse(name: &str) -> Option<Cursor> {
    let (created, key) = name.split_once('\n')?;
    let created_at = Timestamp::from_millis(created.parse().ok()?);
    Some(Cursor { created_at, key: JobKey::parse(key)? })
}
