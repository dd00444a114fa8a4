//! Pauses by hand: see `scripts/by_hand.lua`.

use job::{ManualPause, PauseScope};
use ports::{LedgerError, MOST_MANUAL_PAUSES};

use crate::RedisLedger;
use crate::codec;
use crate::link::Repeat;
use crate::script::{Call, PAUSE_BY_HAND, PAUSED_BY_HAND, RESUME_BY_HAND, Script};

pub(crate) async fn pause(
    ledger: &RedisLedger,
    account: &str,
    pause: &ManualPause,
) -> Result<bool, LedgerError> {
    let ends = pause.until.map_or(0, |until| until.as_millis().max(1));
    let mut value = format!("{ends}\n").into_bytes();
    value.extend(codec::json(account, pause)?);
    let call = of(&PAUSE_BY_HAND, ledger, account)
        .arg(pause.scope.to_string())
        .arg(value)
        .arg(MOST_MANUAL_PAUSES);
    let reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => Ok(true),
        "full" => Ok(false),
        _ => Err(reply.unexpected()),
    }
}

/// Not repeated: the repetition of a call that was done would find nothing.
pub(crate) async fn resume(
    ledger: &RedisLedger,
    account: &str,
    scope: &PauseScope,
) -> Result<bool, LedgerError> {
    let call = of(&RESUME_BY_HAND, ledger, account).arg(scope.to_string());
    let reply = ledger.at_permits().run(call, Repeat::Never).await?;
    match reply.status.as_str() {
        "ok" => Ok(true),
        "absent" => Ok(false),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn paused(
    ledger: &RedisLedger,
    account: &str,
) -> Result<Vec<ManualPause>, LedgerError> {
    let call = of(&PAUSED_BY_HAND, ledger, account);
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    let found: Vec<Vec<u8>> = reply.next()?;
    let read = found.iter().map(|text| codec::from_json::<ManualPause>(account, text));
    let mut pauses: Vec<_> = read.filter_map(|pause| ledger.unreadable.skip(pause)).collect();
    pauses.sort_by(|a, b| a.scope.cmp(&b.scope));
    Ok(pauses)
}

fn of(script: &'static Script, ledger: &RedisLedger, account: &str) -> Call {
    Call::of(script).key(ledger.keys.permits().manual_pauses(account))
}
