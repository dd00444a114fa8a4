use std::time::Duration;

use job::JobKey;
use ports::{AccountTask, Fence, LedgerError, MOST_PROPOSALS, TASK_SLACK};

use crate::RedisLedger;
use crate::codec::{holder, millis, parse_holder};
use crate::link::Repeat;
use crate::membership::fenced;
use crate::script::{CLAIM_TASK, Call, PROPOSE};

pub(crate) async fn propose(
    ledger: &RedisLedger,
    key: &JobKey,
    round: u32,
    task_id: &str,
    keep_for: Duration,
) -> Result<(), LedgerError> {
    let call = Call::of(&PROPOSE)
        .key(ledger.keys.shard_of(key).proposed(&holder(key, round)))
        .arg(task_id)
        .arg(millis(keep_for))
        .arg(MOST_PROPOSALS);
    ledger.at_shard_of(key).run(call, Repeat::Safe).await.map(drop)
}

pub(crate) async fn of(
    ledger: &RedisLedger,
    key: &JobKey,
    round: u32,
) -> Result<Vec<String>, LedgerError> {
    let mut command = redis::cmd("ZRANGE");
    command.arg(ledger.keys.shard_of(key).proposed(&holder(key, round))).arg(0).arg(-1);
    let named: Vec<Vec<u8>> = ledger.at_shard_of(key).ask(&command, Repeat::Safe).await?;
    // An id that cannot be read is ignored.
    Ok(named.into_iter().filter_map(|task| String::from_utf8(task).ok()).collect())
}

pub(crate) async fn claim_task(
    ledger: &RedisLedger,
    fence: &Fence,
    task: &AccountTask,
    key: &JobKey,
    round: u32,
) -> Result<bool, LedgerError> {
    let shard = ledger.keys.shard_of_task(task);
    let call = fenced(&CLAIM_TASK, shard, fence)
        .key(shard.task(task))
        .arg(holder(key, round))
        .arg(millis(ledger.retention.saturating_add(TASK_SLACK)));
    let reply = ledger.links.of(shard).run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => Ok(true),
        "taken" => Ok(false),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn task_owner(
    ledger: &RedisLedger,
    task: &AccountTask,
) -> Result<Option<JobKey>, LedgerError> {
    let shard = ledger.keys.shard_of_task(task);
    let mut command = redis::cmd("GET");
    command.arg(shard.task(task));
    let owner: Option<Vec<u8>> = ledger.links.of(shard).ask(&command, Repeat::Safe).await?;
    // A name that cannot be read is no owner.
    let owner = owner.and_then(|holder| String::from_utf8(holder).ok());
    Ok(owner.and_then(|holder| parse_holder(&holder)).map(|(key, _)| key))
}
