//! What the keys of the gateway have used: see `scripts/spend.lua`.

use std::time::Duration;

use job::{Allowance, Allowed, CapPeriod, Money, Period, Timestamp};
use ports::LedgerError;

use crate::RedisLedger;
use crate::codec::{micros, millis};
use crate::link::Repeat;
use crate::reply::Reply;
use crate::script::{Call, GIVE_BACK, SPEND, Script};

/// After the last request that was counted: longer than any month, and than any rate is used up.
const KEPT: Duration = Duration::from_secs(32 * 24 * 60 * 60);

/// Not repeated: the request would be counted twice.
pub(crate) async fn spend(
    ledger: &RedisLedger,
    key: &str,
    allowance: &Allowance,
    amount: Option<Money>,
) -> Result<Allowed, LedgerError> {
    let Allowance { per_minute, budget } = *allowance;
    let call = of(&SPEND, ledger, key)
        .arg(per_minute)
        .arg(micros(amount))
        .arg(micros(budget.day))
        .arg(micros(budget.month))
        .arg(millis(KEPT));
    let mut reply = ledger.at_permits().run(call, Repeat::Never).await?;
    match reply.status.as_str() {
        "yes" => {
            let at = Timestamp::from_millis(reply.next()?);
            Ok(Allowed::Yes { left: reply.next()?, at })
        }
        "rate" => Ok(Allowed::RateUsedUp { next: Timestamp::from_millis(reply.next()?) }),
        "over" => over_budget(&mut reply),
        _ => Err(reply.unexpected()),
    }
}

fn over_budget(reply: &mut Reply) -> Result<Allowed, LedgerError> {
    let (period, cap, used): (String, u64, u64) = (reply.next()?, reply.next()?, reply.next()?);
    let of = Period::parse(&period).ok_or_else(|| reply.unexpected())?;
    Ok(Allowed::OverBudget {
        period: if of.is_day() { CapPeriod::Day } else { CapPeriod::Month },
        cap: Money::from_micros(cap),
        used: Money::from_micros(used),
        until: of.end(),
    })
}

/// Not repeated: the amount would be given back twice.
pub(crate) async fn give_back(
    ledger: &RedisLedger,
    key: &str,
    amount: Money,
    at: Timestamp,
) -> Result<(), LedgerError> {
    let [day, month] = Period::both_of(at);
    let call = of(&GIVE_BACK, ledger, key)
        .arg(amount.as_micros())
        .arg(day.to_string())
        .arg(month.to_string());
    ledger.at_permits().run(call, Repeat::Never).await.map(drop)
}

fn of(script: &'static Script, ledger: &RedisLedger, key: &str) -> Call {
    Call::of(script).key(ledger.keys.permits().allowance(key))
}
