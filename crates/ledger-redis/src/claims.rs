use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::try_join_all;
use job::{JobKey, Timestamp};
use ports::{Claimed, Fence, LedgerError, OutboxEntry, Stored};

use crate::RedisLedger;
use crate::codec::{self, millis};
use crate::link::Repeat;
use crate::membership::fenced;
use crate::reply::Reply;
use crate::script::{CLAIM_DUE, CLAIM_OUTBOX, Call, LOOK_NOW};
use crate::tag::Tag;

/// A script blocks all other callers while it runs: 1,000 items take some ms.
const MOST_PER_SCRIPT: usize = 1000;

pub(crate) async fn due(
    ledger: &RedisLedger,
    fence: &Fence,
    limit: usize,
    lease: Duration,
) -> Result<Claimed<Stored>, LedgerError> {
    let call = |shard: &Tag, quota| due_call(shard, fence, quota, lease);
    claim(ledger, limit, call, |key, reply| codec::stored(key, reply)).await
}

pub(crate) fn due_call(shard: &Tag, fence: &Fence, quota: usize, lease: Duration) -> Call {
    fenced(&CLAIM_DUE, shard, fence)
        .key(shard.due())
        .arg(quota)
        .arg(millis(lease))
        .arg(shard.records())
}

pub(crate) async fn outbox(
    ledger: &RedisLedger,
    fence: &Fence,
    limit: usize,
    lease: Duration,
) -> Result<Claimed<OutboxEntry>, LedgerError> {
    let call = |shard: &Tag, quota| outbox_call(shard, fence, quota, lease);
    claim(ledger, limit, call, read_entry).await
}

pub(crate) fn outbox_call(shard: &Tag, fence: &Fence, quota: usize, lease: Duration) -> Call {
    fenced(&CLAIM_OUTBOX, shard, fence)
        .key(shard.outbox())
        .key(shard.outbox_bodies())
        .key(shard.outbox_tries())
        .arg(quota)
        .arg(millis(lease))
}

fn read_entry(member: &str, reply: &mut Reply) -> Result<OutboxEntry, LedgerError> {
    let body: Vec<u8> = reply.next()?;
    let mut entry = codec::outbox_entry(member, &body)?;
    entry.tries += reply.next::<u32>()?;
    Ok(entry)
}

/// The reply of one shard.
struct Part<T> {
    /// With the moment at which each was due.
    items: Vec<(i64, T)>,
    now: i64,
    later: Option<i64>,
    taken: usize,
}

/// Queries all shards at once for their share of the limit. Another round follows only if some had
/// fewer items than their share while others have more.
async fn claim<T>(
    ledger: &RedisLedger,
    limit: usize,
    call: impl Fn(&Tag, usize) -> Call,
    read: impl Fn(&str, &mut Reply) -> Result<T, LedgerError>,
) -> Result<Claimed<T>, LedgerError> {
    let turn = ledger.turn.fetch_add(1, Ordering::Relaxed);
    let shards = ledger.keys.shards();
    let mut wanted: Vec<usize> = (0..shards.len()).map(|n| (turn + n) % shards.len()).collect();
    let mut later = vec![None; shards.len()];
    let mut items = Vec::new();
    let mut left = limit;
    let mut now = i64::MAX;
    loop {
        let quotas = shares(left, wanted.len());
        let asked = wanted.iter().zip(&quotas).map(|(shard, quota)| {
            let shard = &shards[*shard];
            ledger.links.of(shard).run(call(shard, *quota), Repeat::Never)
        });
        let replies = try_join_all(asked).await?;
        let mut more = Vec::new();
        for (shard, mut reply) in wanted.into_iter().zip(replies) {
            let part = read_part(ledger, &mut reply, &read)?;
            // Shards read their clocks in turn: the earliest is safe for every lease.
            now = now.min(part.now);
            left = left.saturating_sub(part.taken);
            later[shard] = part.later;
            items.extend(part.items);
            if part.later.is_some_and(|later| later <= part.now) {
                more.push(shard);
            }
        }
        if left == 0 || more.is_empty() {
            break;
        }
        wanted = more;
    }
    items.sort_by_key(|(due, _)| *due);
    Ok(Claimed {
        items: items.into_iter().map(|(_, item)| item).collect(),
        now: Timestamp::from_millis(now),
        next: later.into_iter().flatten().min().map(Timestamp::from_millis),
    })
}

/// The limit in equal parts; the first ones take the rest.
fn shares(limit: usize, parts: usize) -> Vec<usize> {
    (0..parts)
        .map(|n| limit / parts + usize::from(n < limit % parts))
        .map(|share| share.min(MOST_PER_SCRIPT))
        .collect()
}

fn read_part<T>(
    ledger: &RedisLedger,
    reply: &mut Reply,
    read: impl Fn(&str, &mut Reply) -> Result<T, LedgerError>,
) -> Result<Part<T>, LedgerError> {
    let now = reply.next()?;
    let later: String = reply.next()?;
    let found = reply.items()?;
    let mut part = Part {
        items: Vec::with_capacity(found.len()),
        now,
        later: later.parse().ok(),
        taken: found.len(),
    };
    // One unreadable item must not block the others: it is due again after the lease.
    let items = found.into_iter().map(|item| read_item(item, &read));
    part.items.extend(items.filter_map(|item| ledger.unreadable.skip(item)));
    Ok(part)
}

fn read_item<T>(
    mut item: Reply,
    read: impl Fn(&str, &mut Reply) -> Result<T, LedgerError>,
) -> Result<(i64, T), LedgerError> {
    let due = item.next()?;
    let member: Vec<u8> = item.next()?;
    let name = String::from_utf8_lossy(&member);
    match name == std::str::from_utf8(&member).unwrap_or_default() {
        true => Ok((due, read(&name, &mut item)?)),
        false => Err(codec::corrupt(name, "it is not text")),
    }
}

pub(crate) async fn look_now(ledger: &RedisLedger, key: &JobKey) -> Result<(), LedgerError> {
    let call = look_now_call(ledger, key);
    ledger.at_shard_of(key).run(call, Repeat::Safe).await.map(drop)
}

pub(crate) fn look_now_call(ledger: &RedisLedger, key: &JobKey) -> Call {
    let shard = ledger.keys.shard_of(key);
    Call::of(&LOOK_NOW).key(shard.due()).arg(key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_limit_but_no_script_gets_too_much() {
        assert_eq!(shares(10, 4), [3, 3, 2, 2]);
        assert_eq!(shares(1, 4), [1, 0, 0, 0]);
        assert_eq!(shares(9000, 2), [1000, 1000]);
    }
}
