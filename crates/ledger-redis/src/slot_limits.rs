//! How many slots of a pool are used: see `scripts/slots_now.lua`.

use job::{SlotLimit, Timestamp};
use ports::{Fence, LedgerError, PoolSlots};

use crate::RedisLedger;
use crate::codec;
use crate::link::Repeat;
use crate::membership::fenced;
use crate::script::{CHANGE_SLOT_LIMIT, Call, POOL_SLOTS};

/// A limit that cannot be read is found anew.
pub(crate) async fn pool_slots(ledger: &RedisLedger, pool: &str) -> Result<PoolSlots, LedgerError> {
    let tag = ledger.keys.permits();
    let call = Call::of(&POOL_SLOTS).key(tag.slot_limit(pool)).key(tag.used(pool));
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    let body: Vec<u8> = reply.next()?;
    let (version, used) = (reply.next()?, reply.next()?);
    let now = Timestamp::from_millis(reply.next()?);
    Ok(PoolSlots { limit: serde_json::from_slice(&body).ok(), version, used, now })
}

/// The repetition of a call that was done finds another version.
pub(crate) async fn change(
    ledger: &RedisLedger,
    fence: &Fence,
    pool: &str,
    limit: &SlotLimit,
    version: u64,
) -> Result<bool, LedgerError> {
    let tag = ledger.keys.permits();
    let call = fenced(&CHANGE_SLOT_LIMIT, tag, fence)
        .key(tag.slot_limit(pool))
        .arg(version)
        .arg(limit.slots)
        .arg(limit.paused_until.as_millis())
        .arg(codec::json(pool, limit)?)
        .arg(tag.freed());
    let reply = ledger.at_permits().run(call, Repeat::Never).await?;
    match reply.status.as_str() {
        "ok" => Ok(true),
        "stale" => Ok(false),
        _ => Err(reply.unexpected()),
    }
}
