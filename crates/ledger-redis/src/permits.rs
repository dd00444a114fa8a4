use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures::future::try_join_all;
use futures::try_join;
use job::{Timestamp, WaitingCount};
use ports::{
    Fence, GrantTerms, HeldPermit, LedgerError, NamedPause, Pause, Permit, PermitReturn, Permitted,
    Usage,
};
use redis::Cmd;

use crate::RedisLedger;
use crate::codec::{self, corrupt};
use crate::link::Repeat;
use crate::membership::fenced;
use crate::script::{Call, END_TURN, GIVE_PERMITS, Script, TAKE_PERMIT, TAKE_TURN};

/// A script blocks all other callers while it runs.
const MOST_PER_SCRIPT: usize = 500;

pub(crate) async fn take(
    ledger: &RedisLedger,
    fence: &Fence,
    permit: &Permit,
    terms: &GrantTerms,
) -> Result<Permitted, LedgerError> {
    let call = take_call(ledger, fence, permit, terms);
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => Ok(Permitted::Granted),
        "at_limit" => {
            let (used, slots) = (reply.next()?, reply.next()?);
            let waiting = WaitingCount { of_pool: reply.next()?, of_tenant: reply.next()? };
            Ok(Permitted::AtLimit { used, slots, waiting })
        }
        "day_over" => Ok(Permitted::DayOver { until: Timestamp::from_millis(reply.next()?) }),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) fn take_call(
    ledger: &RedisLedger,
    fence: &Fence,
    permit: &Permit,
    terms: &GrantTerms,
) -> Call {
    let tag = ledger.keys.permits();
    fenced(&TAKE_PERMIT, tag, fence)
        .key(tag.held(&permit.pool))
        .key(tag.used(&permit.pool))
        .key(tag.day(Permit::account_of(&permit.pool)))
        .key(tag.tenants(&permit.pool))
        .key(tag.waiting(&permit.pool))
        .key(tag.granted(&permit.pool))
        .key(tag.queue(&permit.pool))
        .key(tag.slot_limit(&permit.pool))
        .key(tag.rates(Permit::account_of(&permit.pool)))
        .arg(codec::holder(&permit.key, permit.round))
        .arg(permit.weight)
        .arg(terms.limits.concurrency)
        .arg(terms.limits.submissions_per_day)
        .arg(permit.revision)
        .arg(tag.freed())
        .arg(terms.of(&permit.key.tenant).concurrency)
        .arg(terms.limits.begin)
        .arg(terms.limits.per_minute)
        .arg(terms.of(&permit.key.tenant).per_minute)
}

pub(crate) async fn give(
    ledger: &RedisLedger,
    fence: &Fence,
    returns: &[PermitReturn],
) -> Result<(), LedgerError> {
    let calls = returns.chunks(MOST_PER_SCRIPT).map(|returns| {
        let call = give_call(ledger, fence, returns);
        ledger.at_permits().run(call, Repeat::Safe)
    });
    try_join_all(calls).await.map(drop)
}

pub(crate) fn give_call(ledger: &RedisLedger, fence: &Fence, returns: &[PermitReturn]) -> Call {
    let tag = ledger.keys.permits();
    let call = fenced(&GIVE_PERMITS, tag, fence).arg(tag.freed());
    returns.iter().fold(call, |call, back| {
        call.key(tag.held(&back.pool))
            .key(tag.used(&back.pool))
            .key(tag.granted(&back.pool))
            .key(tag.tenants(&back.pool))
            .key(tag.day(Permit::account_of(&back.pool)))
            .arg(codec::holder(&back.key, back.round))
            .arg(u8::from(back.unspent))
            .arg(back.revision)
            .arg(back.since.map_or(String::new(), |at| at.as_millis().to_string()))
    })
}

pub(crate) async fn take_turn(
    ledger: &RedisLedger,
    fence: &Fence,
    pool: &str,
    lasts: Duration,
) -> Result<bool, LedgerError> {
    let lasts = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1);
    let call = on_turn(&TAKE_TURN, ledger, fence, pool).arg(lasts);
    let reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => Ok(true),
        "taken" => Ok(false),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn end_turn(
    ledger: &RedisLedger,
    fence: &Fence,
    pool: &str,
) -> Result<(), LedgerError> {
    let call = on_turn(&END_TURN, ledger, fence, pool);
    ledger.at_permits().run(call, Repeat::Safe).await.map(drop)
}

fn on_turn(script: &'static Script, ledger: &RedisLedger, fence: &Fence, pool: &str) -> Call {
    let tag = ledger.keys.permits();
    fenced(script, tag, fence).key(tag.turn(pool))
}

pub(crate) async fn usage(ledger: &RedisLedger, pool: &str) -> Result<Usage, LedgerError> {
    let (tag, link) = (ledger.keys.permits(), ledger.at_permits());
    let (mut used, mut waiting) = (redis::cmd("GET"), redis::cmd("HLEN"));
    used.arg(tag.used(pool));
    waiting.arg(tag.waiting(pool));
    let (used, waiting): (Option<u32>, u32) =
        try_join!(link.ask(&used, Repeat::Safe), link.ask(&waiting, Repeat::Safe))?;
    Ok(Usage { used: used.unwrap_or(0), waiting })
}

pub(crate) async fn held(ledger: &RedisLedger, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
    let key = ledger.keys.permits().held(pool);
    let mut command = redis::cmd("HGETALL");
    command.arg(&key);
    let held: HashMap<Vec<u8>, Vec<u8>> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    let read = held.iter().map(|(holder, value)| {
        let cause = || format!("{:?} holds {:?}", lossy(holder), lossy(value));
        read_permit(pool, holder, value).ok_or_else(|| corrupt(&key, cause()))
    });
    Ok(read.filter_map(|permit| ledger.unreadable.skip(permit)).collect())
}

fn lossy(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn read_permit(pool: &str, holder: &[u8], value: &[u8]) -> Option<HeldPermit> {
    let (key, round) = codec::parse_holder(std::str::from_utf8(holder).ok()?)?;
    let (weight, rest) = std::str::from_utf8(value).ok()?.split_once(':')?;
    // Permits of earlier versions have no revision.
    let (since, revision) = rest.split_once(':').unwrap_or((rest, "0"));
    let (weight, revision) = (weight.parse().ok()?, revision.parse().ok()?);
    Some(HeldPermit {
        permit: Permit { pool: pool.to_owned(), key, round, weight, revision },
        since: Timestamp::from_millis(since.parse().ok()?),
    })
}

pub(crate) async fn pause(
    ledger: &RedisLedger,
    account: &str,
    pause: &Pause,
) -> Result<(), LedgerError> {
    let mut command = on_pauses(ledger, "HSET", account);
    command.arg(codec::json(account, pause)?);
    let _: i64 = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    Ok(())
}

pub(crate) async fn paused(
    ledger: &RedisLedger,
    account: &str,
) -> Result<Option<Pause>, LedgerError> {
    let command = on_pauses(ledger, "HGET", account);
    let text: Option<Vec<u8>> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    text.map(|text| codec::from_json(account, &text)).transpose()
}

pub(crate) async fn pauses(
    ledger: &RedisLedger,
    account: &str,
) -> Result<Vec<NamedPause>, LedgerError> {
    let mut command = redis::cmd("HGETALL");
    command.arg(ledger.keys.permits().pauses());
    let found: BTreeMap<String, Vec<u8>> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    let read = found.into_iter().map(|(name, text)| {
        let pause = codec::from_json(&name, &text)?;
        Ok(NamedPause { name, pause })
    });
    let readable = read.filter_map(|pause| ledger.unreadable.skip(pause));
    Ok(readable.filter(|pause| pause.is_of(account)).collect())
}

pub(crate) async fn resume(ledger: &RedisLedger, account: &str) -> Result<(), LedgerError> {
    let command = on_pauses(ledger, "HDEL", account);
    let _: i64 = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    Ok(())
}

fn on_pauses(ledger: &RedisLedger, name: &str, account: &str) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(ledger.keys.permits().pauses()).arg(account);
    command
}
