//! What is spent and reserved: see `scripts/spending.lua`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use job::{CapOf, CapPeriod, Caps, Money, OverCap, Period, Settled, Timestamp};
use ports::{
    Fence, HeldReservation, LedgerError, MOST_SPENDERS, Reservation, Reserved, SPENDING_DAYS,
    SPENDING_MONTH_DAYS, Settlement, Spender, Spent, SpentBy,
};

use crate::RedisLedger;
use crate::codec::{self, corrupt, micros};
use crate::link::Repeat;
use crate::membership::fenced;
use crate::reply::Reply;
use crate::script::{Call, RESERVE, SETTLE_RESERVATIONS, Script};

/// A script blocks all other callers while it runs.
const MOST_PER_SCRIPT: usize = 100;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn on_account(script: &'static Script, ledger: &RedisLedger, fence: &Fence, account: &str) -> Call {
    let tag = ledger.keys.permits();
    fenced(script, tag, fence).key(tag.reserved(account)).key(tag.spending(account))
}

pub(crate) async fn reserve(
    ledger: &RedisLedger,
    fence: &Fence,
    reservation: &Reservation,
    caps: &Caps,
) -> Result<Reserved, LedgerError> {
    let Reservation { account, key, round, amount, refuses, .. } = reservation;
    let call = on_account(&RESERVE, ledger, fence, account)
        .arg(codec::holder(key, *round))
        .arg(key.tenant.to_string())
        .arg(reservation.model_name())
        .arg(micros(*amount))
        .arg(u8::from(*refuses))
        .arg(u8::from(caps.tenant_is_named))
        .arg(MOST_SPENDERS)
        .arg(micros(caps.account.day))
        .arg(micros(caps.account.month))
        .arg(micros(caps.tenant.day))
        .arg(micros(caps.tenant.month))
        .arg(codec::millis(DAY * SPENDING_DAYS.into()))
        .arg(codec::millis(DAY * SPENDING_MONTH_DAYS.into()));
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => Ok(Reserved::Held),
        "over" => Ok(Reserved::Over(over_cap(&mut reply)?)),
        _ => Err(reply.unexpected()),
    }
}

fn over_cap(reply: &mut Reply) -> Result<OverCap, LedgerError> {
    let (whose, period, used, cap): (String, String, u64, u64) =
        (reply.next()?, reply.next()?, reply.next()?, reply.next()?);
    let period = Period::parse(&period).ok_or_else(|| reply.unexpected())?;
    Ok(OverCap {
        of: if whose == "t" { CapOf::Tenant } else { CapOf::Account },
        period: if period.is_day() { CapPeriod::Day } else { CapPeriod::Month },
        cap: Money::from_micros(cap),
        used: Money::from_micros(used),
        until: period.end(),
    })
}

pub(crate) async fn settle(
    ledger: &RedisLedger,
    fence: &Fence,
    account: &str,
    settlements: &[Settlement],
) -> Result<(), LedgerError> {
    for some in settlements.chunks(MOST_PER_SCRIPT) {
        let call = on_account(&SETTLE_RESERVATIONS, ledger, fence, account);
        let call = some.iter().fold(call, |call, settlement| {
            let spent = match settlement.settled {
                Settled::Released => None,
                Settled::Spent(amount) => Some(amount),
            };
            call.arg(codec::holder(&settlement.key, settlement.round))
                .arg(micros(spent))
                .arg(settlement.since.map_or(String::new(), |at| at.as_millis().to_string()))
        });
        ledger.at_permits().run(call, Repeat::Safe).await?;
    }
    Ok(())
}

pub(crate) async fn reservations(
    ledger: &RedisLedger,
    account: &str,
) -> Result<Vec<HeldReservation>, LedgerError> {
    let key = ledger.keys.permits().reserved(account);
    let mut command = redis::cmd("HGETALL");
    command.arg(&key);
    let held: HashMap<Vec<u8>, Vec<u8>> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    let read = held.iter().map(|(holder, value)| {
        let cause = || format!("{:?}", String::from_utf8_lossy(holder));
        read_reservation(holder, value).ok_or_else(|| corrupt(&key, cause()))
    });
    Ok(read.filter_map(|held| ledger.unreadable.skip(held)).collect())
}

fn read_reservation(holder: &[u8], value: &[u8]) -> Option<HeldReservation> {
    let (key, round) = codec::parse_holder(std::str::from_utf8(holder).ok()?)?;
    let mut lines = std::str::from_utf8(value).ok()?.lines();
    let amount = match lines.next()? {
        "" => Money::ZERO,
        amount => Money::from_micros(amount.parse().ok()?),
    };
    let since = Timestamp::from_millis(lines.next()?.parse().ok()?);
    Some(HeldReservation { key, round, amount, since })
}

pub(crate) async fn spending(
    ledger: &RedisLedger,
    account: &str,
    period: &Period,
) -> Result<Vec<SpentBy>, LedgerError> {
    let mut command = redis::cmd("HGETALL");
    command.arg(format!("{}:{period}", ledger.keys.permits().spending(account)));
    let fields: HashMap<Vec<u8>, i64> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    let mut sums = BTreeMap::<(Spender, String), Spent>::new();
    for (field, count) in fields {
        if let Some((what, spender, name)) = read_field(&String::from_utf8_lossy(&field)) {
            add(sums.entry((spender, name)).or_default(), what, count);
        }
    }
    let by = |((spender, name), sums)| SpentBy { spender, name, sums };
    Ok(sums.into_iter().map(by).collect())
}

fn read_field(field: &str) -> Option<(char, Spender, String)> {
    let mut parts = field.splitn(3, ':');
    let what = parts.next()?.chars().next().filter(|what| *what != 'n')?;
    let spender = match parts.next()? {
        "a" => Spender::Account,
        "t" => Spender::Tenant,
        "m" => Spender::Model,
        _ => return None,
    };
    Some((what, spender, parts.next()?.to_owned()))
}

fn add(sums: &mut Spent, what: char, count: i64) {
    let count = u64::try_from(count).unwrap_or(0);
    match what {
        's' => sums.spent = Money::from_micros(count),
        'r' => sums.reserved = Money::from_micros(count),
        'f' => sums.refused = count,
        'u' => sums.unpriced = count,
        _ => {}
    }
}
