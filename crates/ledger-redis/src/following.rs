use futures::future::try_join_all;
use job::{JobKey, Timestamp};
use ports::{Fence, Following, LedgerError};

use crate::RedisLedger;
use crate::link::Repeat;
use crate::membership::fenced;
use crate::script::{FOLLOW, FOLLOWED, LOST, OPEN};

pub(crate) async fn follow(
    ledger: &RedisLedger,
    fence: &Fence,
) -> Result<Option<Following>, LedgerError> {
    let call = fenced(&FOLLOW, ledger.keys.deciding(), fence);
    let mut reply = ledger.at_deciding().run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => Ok(Some(Following { lost: reply.next()?, next: next(ledger).await? })),
        _ => Ok(None),
    }
}

/// The smallest position of all tags counts; a tag that has lost it begins at the first line.
async fn next(ledger: &RedisLedger) -> Result<Option<u64>, LedgerError> {
    let each = ledger.keys.all().map(|tag| async move {
        let mut command = redis::cmd("GET");
        command.arg(tag.followed());
        ledger.links.of(tag).ask::<Option<u64>>(&command, Repeat::Safe).await
    });
    let lines = try_join_all(each).await?;
    Ok(lines.into_iter().min().flatten())
}

pub(crate) async fn followed(
    ledger: &RedisLedger,
    fence: &Fence,
    next: u64,
) -> Result<(), LedgerError> {
    let each = ledger.keys.all().map(|tag| {
        let call = fenced(&FOLLOWED, tag, fence).key(tag.followed()).arg(next);
        ledger.links.of(tag).run(call, Repeat::Safe)
    });
    try_join_all(each).await.map(drop)
}

pub(crate) async fn lost(ledger: &RedisLedger, fence: &Fence) -> Result<(), LedgerError> {
    let call = fenced(&LOST, ledger.keys.deciding(), fence);
    ledger.at_deciding().run(call, Repeat::Safe).await.map(drop)
}

pub(crate) async fn open(
    ledger: &RedisLedger,
    fence: &Fence,
    at: Timestamp,
) -> Result<(), LedgerError> {
    let call = fenced(&OPEN, ledger.keys.deciding(), fence).arg(at.as_millis());
    ledger.at_deciding().run(call, Repeat::Safe).await.map(drop)
}

pub(crate) async fn distrust(ledger: &RedisLedger) -> Result<(), LedgerError> {
    let each = ledger.keys.all().map(|tag| async move {
        let mut command = redis::cmd("DEL");
        command.arg(tag.generation()).arg(tag.followed());
        ledger.links.of(tag).ask::<i64>(&command, Repeat::Safe).await
    });
    try_join_all(each).await.map(drop)
}

pub(crate) async fn revisions(
    ledger: &RedisLedger,
    keys: &[JobKey],
) -> Result<Vec<Option<u64>>, LedgerError> {
    let each = keys.iter().map(|key| async move {
        let shard = ledger.keys.shard_of(key);
        let (mut command, name) = (redis::cmd("HGET"), shard.record(key));
        command.arg(&name).arg("n");
        let found = ledger.links.of(shard).ask_one::<Option<u64>>(&name, &command).await?;
        // A record that cannot be read counts as the oldest.
        Ok(ledger.unreadable.skip(found).unwrap_or(Some(0)))
    });
    try_join_all(each).await
}
