//! Jobs that wait for slots.

use std::time::Duration;

use job::{JobKey, Priority, Tenant, Timestamp};
use ports::{
    Entered, GrantTerms, Granted, Left, Permit, PermitReturn, Permitted, Place, RoomBounds,
    TenantWaiting, Waiter,
};
use rusqlite::{OptionalExtension, Params, Row, params};

use super::shares::Room;
use super::{grants, permits};
use crate::writer::Tx;

const COLUMNS: &str = "key, round, weight, revision, priority, since, cost";

pub(crate) fn enter(
    tx: &mut Tx<'_>,
    ns: i64,
    waiter: &Waiter,
    bounds: &RoomBounds,
) -> rusqlite::Result<Entered> {
    let Permit { pool, key, round, .. } = &waiter.permit;
    let room = Room { sql: tx.sql, ns, pool };
    if room.has(key, *round)? {
        return Ok(Entered::In);
    }
    if bounds.pool > 0 && room.count(None)? >= bounds.pool {
        return Ok(Entered::PoolFull);
    }
    if bounds.tenant > 0 && room.count(Some(&key.tenant))? >= bounds.tenant {
        return Ok(Entered::TenantFull);
    }
    room.add(waiter)?;
    tx.touched.slots = true;
    Ok(Entered::In)
}

pub(crate) fn grant(
    tx: &mut Tx<'_>,
    ns: i64,
    pool: &str,
    terms: &GrantTerms,
    most: usize,
    lease: Duration,
) -> rusqlite::Result<Granted> {
    let mut jobs = Vec::new();
    while jobs.len() < most {
        match grant_next(tx, ns, pool, terms, lease)? {
            Ok(waiter) => jobs.push(waiter),
            Err(left) => return Ok(Granted { jobs, left }),
        }
    }
    Ok(Granted { jobs, left: Left::More })
}

fn grant_next(
    tx: &mut Tx<'_>,
    ns: i64,
    pool: &str,
    terms: &GrantTerms,
    lease: Duration,
) -> rusqlite::Result<Result<Waiter, Left>> {
    let Some(next) = (Room { sql: tx.sql, ns, pool }).next(terms)? else {
        return Ok(Err(Left::Nobody));
    };
    match permits::take_slots(tx, ns, &next.permit, &terms.limits)? {
        Permitted::Granted => {}
        Permitted::AtLimit { .. } => return Ok(Err(Left::NoSlot)),
        Permitted::DayOver { until } => return Ok(Err(Left::DayOver { until })),
    }
    let (room, tenant) = (Room { sql: tx.sql, ns, pool }, &next.permit.key.tenant);
    let weight = terms.of(tenant).weight;
    room.charge(tenant, |share| share.charge(next.priority, next.cost, weight))?;
    room.lease(&next.permit, tx.now + lease)?;
    room.end_share(tenant)?;
    Ok(Ok(next))
}

pub(crate) fn wait_again(tx: &mut Tx<'_>, ns: i64, waiter: &Waiter) -> rusqlite::Result<()> {
    let Permit { pool, key, round, .. } = waiter.permit.clone();
    let slots = PermitReturn {
        pool: pool.clone(),
        key: key.clone(),
        round,
        // SQLite's integers are signed.
        revision: i64::MAX as u64,
        since: None,
        unspent: true,
    };
    permits::give(tx, ns, &slots)?;
    grants::confirm(tx, ns, &pool, &(key.clone(), round))?;
    withdraw(tx, ns, &pool, &(key, round))?;
    (Room { sql: tx.sql, ns, pool: &pool }).add(waiter)?;
    tx.touched.slots = true;
    Ok(())
}

pub(crate) fn withdraw(
    tx: &mut Tx<'_>,
    ns: i64,
    pool: &str,
    (key, round): &(JobKey, u32),
) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "DELETE FROM waiter WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4
                 AND lease_end IS NULL",
        )?
        .execute(params![ns, pool, key.to_string(), round])?;
    (Room { sql: tx.sql, ns, pool }).end_share(&key.tenant)
}

impl Room<'_> {
    fn has(&self, key: &JobKey, round: u32) -> rusqlite::Result<bool> {
        self.sql
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM waiter
                 WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4)",
            )?
            .query_row(params![self.ns, self.pool, key.to_string(), round], |row| row.get(0))
    }

    pub(super) fn somebody_waits(&self) -> rusqlite::Result<bool> {
        self.sql
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM share WHERE ns = ?1 AND pool = ?2 AND waits = 1)",
            )?
            .query_row(params![self.ns, self.pool], |row| row.get(0))
    }

    /// Waiting jobs of a tenant, or of all.
    fn count(&self, tenant: Option<&Tenant>) -> rusqlite::Result<u32> {
        self.sql
            .prepare_cached(
                "SELECT count(*) FROM waiter INDEXED BY waiter_order
                 WHERE ns = ?1 AND pool = ?2 AND lease_end IS NULL
                     AND (?3 IS NULL OR tenant = ?3)",
            )?
            .query_row(params![self.ns, self.pool, tenant.map(Tenant::as_str)], |row| row.get(0))
    }

    fn add(&self, waiter: &Waiter) -> rusqlite::Result<()> {
        let Permit { key, round, weight, revision, .. } = &waiter.permit;
        self.begin_share(&key.tenant)?;
        self.sql
            .prepare_cached(
                "INSERT OR REPLACE INTO waiter (ns, pool, key, round, tenant, priority, since,
                     weight, revision, cost)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                self.ns,
                self.pool,
                key.to_string(),
                round,
                key.tenant.as_str(),
                waiter.priority as u8,
                waiter.since.as_millis(),
                weight,
                revision,
                waiter.cost
            ])?;
        Ok(())
    }

    /// The next job of a tenant that may use more slots.
    fn next(&self, terms: &GrantTerms) -> rusqlite::Result<Option<Waiter>> {
        for (tenant, share) in self.tenants(usize::MAX)? {
            let next = share.next(self.priorities(&tenant)?);
            let Some(head) = next.map(|next| self.head(&tenant, next)).transpose()?.flatten()
            else {
                continue;
            };
            let most = terms.of(&tenant).concurrency;
            if most == 0 || self.used_by(&tenant)? + head.permit.weight <= most {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Those in which the tenant has waiting jobs.
    fn priorities(&self, tenant: &Tenant) -> rusqlite::Result<Vec<Priority>> {
        let mut found = Vec::new();
        for priority in Priority::ALL {
            if self.head(tenant, priority)?.is_some() {
                found.push(priority);
            }
        }
        Ok(found)
    }

    fn head(&self, tenant: &Tenant, priority: Priority) -> rusqlite::Result<Option<Waiter>> {
        let of = params![self.ns, self.pool, tenant.as_str(), priority as u8];
        let found = self.waiters(
            "tenant = ?3 AND priority = ?4 AND lease_end IS NULL ORDER BY since, key, round
             LIMIT 1",
            of,
        )?;
        Ok(found.into_iter().next())
    }

    pub(super) fn overdue(&self, now: Timestamp) -> rusqlite::Result<Vec<Waiter>> {
        let of = params![self.ns, self.pool, now.as_millis()];
        self.waiters("lease_end <= ?3 ORDER BY lease_end, key", of)
    }

    fn waiters(&self, which: &str, of: impl Params) -> rusqlite::Result<Vec<Waiter>> {
        let query = format!("SELECT {COLUMNS} FROM waiter WHERE ns = ?1 AND pool = ?2 AND {which}");
        self.sql
            .prepare_cached(&query)?
            .query_map(of, |row| read(self.pool, row))?
            .filter_map(Result::transpose)
            .collect()
    }

    fn used_by(&self, tenant: &Tenant) -> rusqlite::Result<u32> {
        // A tenant contains no slash, and '0' follows it.
        let (from, to) = (format!("{tenant}/"), format!("{tenant}0"));
        self.sql
            .prepare_cached(
                "SELECT coalesce(sum(weight), 0) FROM permit
                 WHERE ns = ?1 AND pool = ?2 AND key >= ?3 AND key < ?4",
            )?
            .query_row(params![self.ns, self.pool, from, to], |row| row.get(0))
    }

    pub(super) fn place(&self, key: &JobKey, round: u32) -> rusqlite::Result<Option<Place>> {
        let ahead = self
            .sql
            .prepare_cached(
                "SELECT (SELECT count(*) FROM waiter AS other
                         WHERE other.ns = mine.ns AND other.pool = mine.pool
                             AND other.tenant = mine.tenant AND other.lease_end IS NULL
                             AND (other.priority, other.since, other.key, other.round)
                                 < (mine.priority, mine.since, mine.key, mine.round))
                 FROM waiter AS mine WHERE mine.ns = ?1 AND mine.pool = ?2 AND mine.key = ?3
                     AND mine.round = ?4 AND mine.lease_end IS NULL",
            )?
            .query_row(params![self.ns, self.pool, key.to_string(), round], |row| row.get(0))
            .optional()?;
        let Some(ahead) = ahead else { return Ok(None) };
        let tenants = u32::try_from(self.tenants(usize::MAX)?.len()).unwrap_or(u32::MAX);
        Ok(Some(Place { ahead, waiting: self.count(None)?, tenants }))
    }

    pub(super) fn waiting(&self, most: usize) -> rusqlite::Result<Vec<TenantWaiting>> {
        let row = |tenant: Tenant| {
            let (waiting, used) = (self.count(Some(&tenant))?, self.used_by(&tenant)?);
            Ok(TenantWaiting { tenant, waiting, used })
        };
        self.tenants(most)?.into_iter().map(|(tenant, _)| row(tenant)).collect()
    }
}

/// `None` for a damaged row.
fn read(pool: &str, row: &Row<'_>) -> rusqlite::Result<Option<Waiter>> {
    let (key, priority): (String, usize) = (row.get(0)?, row.get(4)?);
    let (Some(key), Some(priority)) = (JobKey::parse(&key), Priority::ALL.get(priority)) else {
        return Ok(None);
    };
    let (round, weight, revision) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let permit = Permit { pool: pool.to_owned(), key, round, weight, revision };
    let since = Timestamp::from_millis(row.get(5)?);
    Ok(Some(Waiter { permit, priority: *priority, since, cost: row.get(6)? }))
}
