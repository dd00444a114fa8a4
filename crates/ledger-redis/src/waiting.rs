//! Waiting rooms: see `scripts/room.lua`.

use std::collections::BTreeMap;
use std::time::Duration;

use job::{JobKey, Priority, Tenant, Timestamp};
use ports::{
    Entered, Fence, GrantTerms, Granted, LedgerError, Left, Permit, Place, RoomBounds,
    TenantWaiting, Waiter,
};

use crate::RedisLedger;
use crate::codec::{self, corrupt};
use crate::link::Repeat;
use crate::membership::fenced;
use crate::reply::Reply;
use crate::script::{
    CONFIRM, Call, ENTER, GRANT, OVERDUE_GRANTS, PLACE, Script, WAIT_AGAIN, WAITING, WITHDRAW,
};

/// A script blocks all other callers while it runs.
const MOST_PER_SCRIPT: usize = 500;

/// Tenants in one answer.
const MOST_TENANTS: usize = 10_000;

pub(crate) async fn enter(
    ledger: &RedisLedger,
    fence: &Fence,
    waiters: &[Waiter],
    bounds: &RoomBounds,
) -> Result<Vec<Entered>, LedgerError> {
    let mut entered = vec![Entered::In; waiters.len()];
    for (pool, places) in by_pool(waiters) {
        for places in places.chunks(MOST_PER_SCRIPT) {
            let call = in_room(&ENTER, ledger, fence, pool)
                .arg(ledger.keys.permits().freed())
                .arg(bounds.tenant)
                .arg(bounds.pool);
            let names = places.iter().map(|place| name(&waiters[*place]));
            let call = names.fold(call, Call::arg);
            let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
            for place in places {
                entered[*place] = read_entered(&mut reply)?;
            }
        }
    }
    Ok(entered)
}

/// The places of the waiters of each pool, in order.
fn by_pool(waiters: &[Waiter]) -> BTreeMap<&str, Vec<usize>> {
    let mut pools: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, waiter) in waiters.iter().enumerate() {
        pools.entry(&waiter.permit.pool).or_default().push(place);
    }
    pools
}

fn read_entered(reply: &mut Reply) -> Result<Entered, LedgerError> {
    match reply.next::<String>()?.as_str() {
        "in" => Ok(Entered::In),
        "tenant_full" => Ok(Entered::TenantFull),
        "pool_full" => Ok(Entered::PoolFull),
        _ => Err(reply.unexpected()),
    }
}

/// Not repeated: what a lost answer granted is found when its lease is over.
pub(crate) async fn grant(
    ledger: &RedisLedger,
    fence: &Fence,
    pool: &str,
    terms: &GrantTerms,
    most: usize,
    lease: Duration,
) -> Result<Granted, LedgerError> {
    let call = with_slots(in_room(&GRANT, ledger, fence, pool), ledger, pool)
        .arg(terms.limits.concurrency)
        .arg(terms.limits.submissions_per_day)
        .arg(most.min(MOST_PER_SCRIPT))
        .arg(codec::millis(lease))
        .arg(terms.default.weight)
        .arg(terms.default.concurrency);
    let named = terms.tenants.iter();
    let call = named.fold(call, |call, (tenant, terms)| {
        call.arg(tenant.as_str()).arg(terms.weight).arg(terms.concurrency)
    });
    let mut reply = ledger.at_permits().run(call, Repeat::Never).await?;
    let left = read_left(&mut reply)?;
    Ok(Granted { jobs: read_waiters(ledger, pool, &mut reply)?, left })
}

fn read_left(reply: &mut Reply) -> Result<Left, LedgerError> {
    let (word, value): (String, i64) = (reply.next()?, reply.next()?);
    match word.as_str() {
        "more" => Ok(Left::More),
        "nobody" => Ok(Left::Nobody),
        "at_limit" => Ok(Left::NoSlot),
        "day_over" => Ok(Left::DayOver { until: Timestamp::from_millis(value) }),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn confirm(
    ledger: &RedisLedger,
    fence: &Fence,
    pool: &str,
    jobs: &[(JobKey, u32)],
) -> Result<(), LedgerError> {
    let tag = ledger.keys.permits();
    let call = fenced(&CONFIRM, tag, fence).key(tag.granted(pool));
    ledger.at_permits().run(with_holders(call, jobs), Repeat::Safe).await.map(drop)
}

pub(crate) async fn withdraw(
    ledger: &RedisLedger,
    fence: &Fence,
    pool: &str,
    jobs: &[(JobKey, u32)],
) -> Result<(), LedgerError> {
    for jobs in jobs.chunks(MOST_PER_SCRIPT) {
        let call = with_holders(in_room(&WITHDRAW, ledger, fence, pool), jobs);
        ledger.at_permits().run(call, Repeat::Safe).await?;
    }
    Ok(())
}

fn with_holders(call: Call, jobs: &[(JobKey, u32)]) -> Call {
    jobs.iter().fold(call, |call, (key, round)| call.arg(codec::holder(key, *round)))
}

/// Not repeated: meanwhile the job may have been granted its slots anew.
pub(crate) async fn wait_again(
    ledger: &RedisLedger,
    fence: &Fence,
    waiters: &[Waiter],
) -> Result<(), LedgerError> {
    for (pool, places) in by_pool(waiters) {
        for places in places.chunks(MOST_PER_SCRIPT) {
            let call = with_slots(in_room(&WAIT_AGAIN, ledger, fence, pool), ledger, pool);
            let call = call.arg(ledger.keys.permits().freed());
            let call = places.iter().map(|place| name(&waiters[*place])).fold(call, Call::arg);
            ledger.at_permits().run(call, Repeat::Never).await?;
        }
    }
    Ok(())
}

pub(crate) async fn overdue_grants(
    ledger: &RedisLedger,
    pool: &str,
) -> Result<Vec<Waiter>, LedgerError> {
    let call = Call::of(&OVERDUE_GRANTS).key(ledger.keys.permits().granted(pool));
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    read_waiters(ledger, pool, &mut reply)
}

pub(crate) async fn place(
    ledger: &RedisLedger,
    pool: &str,
    key: &JobKey,
    round: u32,
) -> Result<Option<Place>, LedgerError> {
    let tag = ledger.keys.permits();
    let call = Call::of(&PLACE)
        .key(tag.queue(pool))
        .key(tag.waiting(pool))
        .key(tag.tenants(pool))
        .arg(codec::holder(key, round));
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "absent" => Ok(None),
        "ok" => {
            Ok(Some(Place { ahead: reply.next()?, waiting: reply.next()?, tenants: reply.next()? }))
        }
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn waiting(
    ledger: &RedisLedger,
    pool: &str,
    most: usize,
) -> Result<Vec<TenantWaiting>, LedgerError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let tag = ledger.keys.permits();
    let call = Call::of(&WAITING)
        .key(tag.queue(pool))
        .key(tag.tenants(pool))
        .key(tag.held(pool))
        .arg(most.min(MOST_TENANTS) - 1);
    let mut reply = ledger.at_permits().run(call, Repeat::Safe).await?;
    let rows = reply.items()?.into_iter().map(|mut row| {
        let tenant = Tenant::new(row.next::<String>()?).map_err(|bad| corrupt(pool, bad))?;
        Ok(TenantWaiting { tenant, waiting: row.next()?, used: row.next()? })
    });
    Ok(rows.filter_map(|row| ledger.unreadable.skip(row)).collect())
}

fn in_room(script: &'static Script, ledger: &RedisLedger, fence: &Fence, pool: &str) -> Call {
    let tag = ledger.keys.permits();
    fenced(script, tag, fence)
        .key(tag.queue(pool))
        .key(tag.waiting(pool))
        .key(tag.granted(pool))
        .key(tag.tenants(pool))
        .key(tag.charged(pool))
        .key(tag.shares(pool))
}

fn with_slots(call: Call, ledger: &RedisLedger, pool: &str) -> Call {
    let tag = ledger.keys.permits();
    call.key(tag.held(pool)).key(tag.used(pool)).key(tag.day())
}

/// In lines, as `scripts/room.lua` reads it. No tenant or job id contains a line break.
fn name(waiter: &Waiter) -> String {
    let Waiter { permit, priority, since, cost } = waiter;
    let holder = codec::holder(&permit.key, permit.round);
    let (tenant, priority, since) =
        (permit.key.tenant.as_str(), *priority as u8, since.as_millis().max(0));
    let (weight, revision) = (permit.weight, permit.revision);
    format!("{tenant}\n{priority}\n{since:015}\n{holder}\n{weight}\n{cost}\n{revision}")
}

fn read_waiters(
    ledger: &RedisLedger,
    pool: &str,
    reply: &mut Reply,
) -> Result<Vec<Waiter>, LedgerError> {
    let names: Vec<String> = reply.next()?;
    let read = names.iter().map(|name| {
        read_waiter(pool, name).ok_or_else(|| corrupt(pool, format!("{name:?} waits")))
    });
    Ok(read.filter_map(|waiter| ledger.unreadable.skip(waiter)).collect())
}

fn read_waiter(pool: &str, name: &str) -> Option<Waiter> {
    let mut lines = name.split('\n').skip(1);
    let priority = *Priority::ALL.get(lines.next()?.parse::<usize>().ok()?)?;
    let since = Timestamp::from_millis(lines.next()?.parse().ok()?);
    let (key, round) = codec::parse_holder(lines.next()?)?;
    let (weight, cost) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
    let revision = lines.next()?.parse().ok()?;
    let permit = Permit { pool: pool.to_owned(), key, round, weight, revision };
    Some(Waiter { permit, priority, since, cost })
}

#[cfg(test)]
mod tests {
    use job::JobId;

    use super::*;

    #[test]
    fn a_waiter_reads_back_from_its_name() {
        let key = JobKey::new(Tenant::new("acme").unwrap(), JobId::new("a/b#7").unwrap());
        let permit = Permit { pool: "p".to_owned(), key, round: 2, weight: 9, revision: 17 };
        let since = Timestamp::from_millis(1_700_000_000_000);
        let waiter = Waiter { permit, priority: Priority::Low, since, cost: 540_000 };
        assert_eq!(name(&waiter), "acme\n2\n001700000000000\nacme/a/b#7#2\n9\n540000\n17");
        assert_eq!(read_waiter("p", &name(&waiter)), Some(waiter));
        for odd in
            ["", "a\n3\n1\na/b#1\n1\n1\n1", "a\n0\n1\na/b#1\n1\n1", "a\n0\nx\na/b#1\n1\n1\n1"]
        {
            assert_eq!(read_waiter("p", odd), None, "{odd:?}");
        }
    }
}
