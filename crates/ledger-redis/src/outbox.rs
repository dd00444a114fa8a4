use std::time::Duration;

use futures::future::try_join_all;
use ports::{Fence, LedgerError, OutboxId};

use crate::RedisLedger;
use crate::codec::millis;
use crate::keys::outbox_member;
use crate::link::Repeat;
use crate::membership::fenced;
use crate::script::{ANNOUNCED, Call, POSTPONE};
use crate::tag::Tag;

/// A script blocks all other callers while it runs.
const MOST_PER_SCRIPT: usize = 500;

pub(crate) async fn announced(
    ledger: &RedisLedger,
    fence: &Fence,
    ids: &[OutboxId],
) -> Result<(), LedgerError> {
    let mut by_shard: Vec<Vec<&OutboxId>> = vec![Vec::new(); ledger.keys.shards().len()];
    for id in ids {
        by_shard[ledger.keys.shard_index(&id.key)].push(id);
    }
    let calls = ledger
        .keys
        .shards()
        .iter()
        .zip(&by_shard)
        .flat_map(|(shard, ids)| ids.chunks(MOST_PER_SCRIPT).map(move |ids| (shard, ids)))
        .map(|(shard, ids)| {
            let call = announced_call(shard, fence, ids, ledger.retention);
            ledger.links.of(shard).run(call, Repeat::Safe)
        });
    try_join_all(calls).await.map(drop)
}

pub(crate) fn announced_call(
    shard: &Tag,
    fence: &Fence,
    ids: &[&OutboxId],
    retention: Duration,
) -> Call {
    let call = fenced(&ANNOUNCED, shard, fence)
        .key(shard.outbox())
        .key(shard.outbox_bodies())
        .key(shard.outbox_tries())
        .arg(millis(retention));
    ids.iter().fold(call, |call, id| call.key(shard.record(&id.key)).arg(outbox_member(id)))
}

pub(crate) async fn postpone(
    ledger: &RedisLedger,
    fence: &Fence,
    id: &OutboxId,
    wait: Duration,
) -> Result<(), LedgerError> {
    let call = postpone_call(ledger, fence, id, wait);
    ledger.at_shard_of(&id.key).run(call, Repeat::Never).await.map(drop)
}

pub(crate) fn postpone_call(
    ledger: &RedisLedger,
    fence: &Fence,
    id: &OutboxId,
    wait: Duration,
) -> Call {
    let shard = ledger.keys.shard_of(&id.key);
    fenced(&POSTPONE, shard, fence)
        .key(shard.outbox())
        .key(shard.outbox_tries())
        .arg(outbox_member(id))
        .arg(millis(wait))
}
