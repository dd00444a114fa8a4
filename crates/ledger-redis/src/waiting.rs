//! Waiting rooms: see `scripts/room.lua`.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::try_join;
use job::{JobKey, Tenant, Timestamp, WaitingCount};
use ports::{Fence, GrantTerms, Granted, LedgerError, Left, Permit, Place, TenantWaiting, Waiter};

use crate::RedisLedger;
use crate::codec::{self, corrupt};
use crate::link::Repeat;
use crate::membership::fenced;
use crate::reply::Reply;
use crate::script::{
    CONFIRM, Call, ENTER, GRANT, OVERDUE_GRANTS, PLACE, Script, WAITING, WITHDRAW,
};
use crate::waiter_name;

/// A script blocks all other callers while it runs.
const MOST_PER_SCRIPT: usize = 500;

/// Tenants in one answer.
const MOST_TENANTS: usize = 10_000;

pub(crate) async fn enter(
    ledger: &RedisLedger,
    fence: &Fence,
    waiters: &[Waiter],
) -> Result<(), LedgerError> {
    let tag = ledger.keys.permits();
    for (pool, waiters) in by_pool(waiters, |waiter| &waiter.permit.pool) {
        for waiters in waiters.chunks(MOST_PER_SCRIPT) {
            let call = in_room(&ENTER, ledger, fence, pool).key(tag.held(pool)).arg(tag.freed());
            let names = waiters.iter().map(|waiter| waiter_name::of(waiter));
            ledger.at_permits().run(names.fold(call, Call::arg), Repeat::Safe).await?;
        }
    }
    Ok(())
}

/// In order.
fn by_pool<T>(items: &[T], pool: impl Fn(&T) -> &str) -> BTreeMap<&str, Vec<&T>> {
    let mut pools: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for item in items {
        pools.entry(pool(item)).or_default().push(item);
    }
    pools
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
    let tag = ledger.keys.permits();
    let call = in_room(&GRANT, ledger, fence, pool)
        .key(tag.held(pool))
        .key(tag.used(pool))
        .key(tag.day(Permit::account_of(pool)))
        .key(tag.slot_limit(pool))
        .key(tag.rates(Permit::account_of(pool)))
        .arg(terms.limits.concurrency)
        .arg(terms.limits.submissions_per_day)
        .arg(most.min(MOST_PER_SCRIPT))
        .arg(codec::millis(lease))
        .arg(terms.default.weight)
        .arg(terms.default.concurrency)
        .arg(terms.default.per_minute)
        .arg(tag.freed())
        .arg(terms.limits.begin)
        .arg(terms.limits.per_minute)
        .arg(terms.paused.len());
    let call = terms.paused.iter().fold(call, |call, tenant| call.arg(tenant.as_str()));
    let named = terms.tenants.iter();
    let call = named.fold(call, |call, (tenant, terms)| {
        let call = call.arg(tenant.as_str()).arg(terms.weight);
        call.arg(terms.concurrency).arg(terms.per_minute)
    });
    let mut reply = ledger.at_permits().run(call, Repeat::Never).await?;
    let left = read_left(&mut reply)?;
    let jobs = read_waiters(ledger, pool, &mut reply)?;
    Ok(Granted { jobs, too_wide: read_waiters(ledger, pool, &mut reply)?, left })
}

fn read_left(reply: &mut Reply) -> Result<Left, LedgerError> {
    let (word, value): (String, i64) = (reply.next()?, reply.next()?);
    match word.as_str() {
        "more" => Ok(Left::More),
        "nobody" => Ok(Left::Nobody),
        "at_limit" => Ok(Left::NoSlot),
        "paused" => Ok(Left::Paused { until: Timestamp::from_millis(value) }),
        "day_over" => Ok(Left::DayOver { until: Timestamp::from_millis(value) }),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn confirm(
    ledger: &RedisLedger,
    fence: &Fence,
    permits: &[Permit],
) -> Result<(), LedgerError> {
    let of_pool = |pool: &str| in_room(&CONFIRM, ledger, fence, pool);
    each_pool(ledger, permits, of_pool).await
}

pub(crate) async fn withdraw(
    ledger: &RedisLedger,
    fence: &Fence,
    permits: &[Permit],
) -> Result<(), LedgerError> {
    let freed = ledger.keys.permits().freed();
    let of_pool = |pool: &str| in_room(&WITHDRAW, ledger, fence, pool).arg(&freed);
    each_pool(ledger, permits, of_pool).await
}

/// Calls the script of each pool with the holders and revisions of its permits.
async fn each_pool(
    ledger: &RedisLedger,
    permits: &[Permit],
    of_pool: impl Fn(&str) -> Call,
) -> Result<(), LedgerError> {
    let with = |call: Call, permit: &&Permit| {
        call.arg(codec::holder(&permit.key, permit.round)).arg(permit.revision)
    };
    for (pool, permits) in by_pool(permits, |permit| &permit.pool) {
        for permits in permits.chunks(MOST_PER_SCRIPT) {
            let call = permits.iter().fold(of_pool(pool), with);
            ledger.at_permits().run(call, Repeat::Safe).await?;
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

pub(crate) async fn waiters(
    ledger: &RedisLedger,
    pool: &str,
    tenant: &Tenant,
    most: usize,
) -> Result<Vec<Waiter>, LedgerError> {
    let (tag, (from, to)) = (ledger.keys.permits(), names_of(tenant));
    let mut command = redis::cmd("ZRANGEBYLEX");
    command.arg(tag.queue(pool)).arg(from).arg(to).arg("LIMIT").arg(0).arg(most);
    let names: Vec<String> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    Ok(of_names(ledger, pool, &names))
}

/// As in `room.lua`: names begin with the tenant and a newline, which `\x0b` follows.
fn names_of(tenant: &Tenant) -> (String, String) {
    (format!("[{tenant}\n"), format!("({tenant}\x0b"))
}

pub(crate) async fn count(
    ledger: &RedisLedger,
    pool: &str,
    tenant: &Tenant,
) -> Result<WaitingCount, LedgerError> {
    let (tag, link) = (ledger.keys.permits(), ledger.at_permits());
    let (mut all, mut theirs) = (redis::cmd("HLEN"), redis::cmd("ZLEXCOUNT"));
    all.arg(tag.waiting(pool));
    let (from, to) = names_of(tenant);
    theirs.arg(tag.queue(pool)).arg(from).arg(to);
    let (of_pool, of_tenant) =
        try_join!(link.ask(&all, Repeat::Safe), link.ask(&theirs, Repeat::Safe))?;
    Ok(WaitingCount { of_pool, of_tenant })
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

fn read_waiters(
    ledger: &RedisLedger,
    pool: &str,
    reply: &mut Reply,
) -> Result<Vec<Waiter>, LedgerError> {
    let names: Vec<String> = reply.next()?;
    Ok(of_names(ledger, pool, &names))
}

fn of_names(ledger: &RedisLedger, pool: &str, names: &[String]) -> Vec<Waiter> {
    let read = names.iter().map(|name| {
        waiter_name::read(pool, name).ok_or_else(|| corrupt(pool, format!("{name:?} waits")))
    });
    read.filter_map(|waiter| ledger.unreadable.skip(waiter)).collect()
}
