use std::time::Duration;

use job::{Acceptance, JobKey, Timestamp};
use ports::LedgerError;

use crate::RedisLedger;
use crate::codec::{from_json, json, millis};
use crate::link::Repeat;
use crate::script::{ACCEPT, Call, MARK_PUBLISHED};

pub(crate) async fn accept(
    ledger: &RedisLedger,
    key: &JobKey,
    acceptance: &Acceptance,
    since: Timestamp,
    keep_for: Duration,
) -> Result<Acceptance, LedgerError> {
    let call = Call::of(&ACCEPT)
        .key(ledger.keys.shard_of(key).accepted(key))
        .arg(json(key, acceptance)?)
        .arg(since.as_millis())
        .arg(millis(keep_for));
    let mut reply = ledger.at_shard_of(key).run(call, Repeat::Safe).await?;
    from_json(key, &reply.next::<Vec<u8>>()?)
}

pub(crate) async fn of(
    ledger: &RedisLedger,
    key: &JobKey,
) -> Result<Option<Acceptance>, LedgerError> {
    let mut command = redis::cmd("GET");
    command.arg(ledger.keys.shard_of(key).accepted(key));
    let kept: Option<Vec<u8>> = ledger.at_shard_of(key).ask(&command, Repeat::Safe).await?;
    kept.map(|text| from_json(key, &text)).transpose()
}

pub(crate) async fn mark_published(
    ledger: &RedisLedger,
    key: &JobKey,
    acceptance: &Acceptance,
) -> Result<(), LedgerError> {
    let call = Call::of(&MARK_PUBLISHED)
        .key(ledger.keys.shard_of(key).accepted(key))
        .arg(json(key, acceptance)?)
        .arg(json(key, &acceptance.clone().published())?);
    ledger.at_shard_of(key).run(call, Repeat::Safe).await.map(drop)
}
