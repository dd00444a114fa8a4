//! Jobs that wait for slots.

use job::{FairShare, JobKey, Priority, Tenant, Timestamp};
use ports::{Limits, Permit, Waiter};
use rusqlite::{OptionalExtension, Params, Row, ToSql, params};

use super::permits;
use super::shares::Room;
use crate::column;
use crate::writer::Tx;

const COLUMNS: &str = "key, round, weight, revision, priority, since, cost";

/// Of a tenant and priority.
const FIRST: &str = "tenant = ?3 AND priority = ?4 AND lease_end IS NULL
     ORDER BY since, key, round LIMIT 1";

/// They are looked at for one that needs fewer slots.
const SOME: &str = "tenant = ?3 AND priority = ?4 AND lease_end IS NULL
     ORDER BY since, key, round LIMIT 50";

pub(crate) fn enter(tx: &mut Tx<'_>, ns: i64, waiter: &Waiter) -> rusqlite::Result<()> {
    let permit = &waiter.permit;
    let room = Room { sql: tx.sql, ns, pool: &permit.pool };
    let known = [permits::asked(tx.sql, ns, permit)?, room.known(permit)?];
    if known.into_iter().flatten().any(|known| known >= permit.revision) {
        return Ok(());
    }
    room.leave(permit)?;
    room.end_share(&permit.key.tenant)?;
    room.add(waiter)?;
    tx.touched.slots = true;
    Ok(())
}

/// A wide job that leaves makes way for those behind it.
pub(crate) fn withdraw(tx: &mut Tx<'_>, ns: i64, permit: &Permit) -> rusqlite::Result<()> {
    let Permit { pool, key, round, revision, .. } = permit;
    let room = Room { sql: tx.sql, ns, pool };
    let gone = tx
        .sql
        .prepare_cached(
            "DELETE FROM waiter WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4
                 AND lease_end IS NULL AND revision <= ?5",
        )?
        .execute(params![ns, pool, key.to_string(), round, revision])?;
    if gone > 0 {
        room.change_waiting(-1)?;
        room.end_share(&key.tenant)?;
        room.forget_charged()?;
        tx.touched.slots = true;
    }
    Ok(())
}

impl Room<'_> {
    /// The revision as of which it waits or was granted its slots, if its row can be read.
    fn known(&self, permit: &Permit) -> rusqlite::Result<Option<u64>> {
        let key = permit.key.to_string();
        let of = params![self.ns, self.pool, key, permit.round, permit.key.tenant.as_str()];
        let found = self.waiters("key = ?3 AND round = ?4 AND tenant = ?5", of)?;
        Ok(found.into_iter().flatten().next().map(|waiter| waiter.permit.revision))
    }

    /// From its place or its grant.
    pub(super) fn leave(&self, permit: &Permit) -> rusqlite::Result<()> {
        let waited: Option<bool> = self
            .sql
            .prepare_cached(
                "DELETE FROM waiter WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4
                 RETURNING lease_end IS NULL",
            )?
            .query_row(params![self.ns, self.pool, permit.key.to_string(), permit.round], |row| {
                row.get(0)
            })
            .optional()?;
        if waited == Some(true) { self.change_waiting(-1) } else { Ok(()) }
    }

    fn add(&self, waiter: &Waiter) -> rusqlite::Result<()> {
        let Permit { key, round, weight, revision, .. } = &waiter.permit;
        self.begin_share(&key.tenant)?;
        self.sql
            .prepare_cached(
                "INSERT INTO waiter (ns, pool, key, round, tenant, priority, since, weight,
                     revision, cost)
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
        self.change_waiting(1)
    }

    /// The tenant's next job.
    pub(super) fn head(
        &self,
        tenant: &Tenant,
        share: &FairShare,
    ) -> rusqlite::Result<Option<Waiter>> {
        let mut heads = Vec::new();
        for priority in Priority::ALL {
            heads.extend(self.first_of(tenant, priority)?);
        }
        let next = share.next(heads.iter().map(|head| head.priority));
        Ok(heads.into_iter().find(|head| Some(head.priority) == next))
    }

    /// One that needs no more slots, although the head does.
    pub(super) fn fitting(
        &self,
        tenant: &Tenant,
        limits: &Limits,
    ) -> rusqlite::Result<Option<Waiter>> {
        for priority in Priority::ALL {
            let of = params![self.ns, self.pool, tenant.as_str(), priority as u8];
            let waiters = self.waiters(SOME, of)?.into_iter().flatten();
            let fitting = waiters.into_iter().find(|waiter| limits.fits(waiter.permit.weight));
            if fitting.is_some() {
                return Ok(fitting);
            }
        }
        Ok(None)
    }

    fn first_of(&self, tenant: &Tenant, priority: Priority) -> rusqlite::Result<Option<Waiter>> {
        let of = params![self.ns, self.pool, tenant.as_str(), priority as u8];
        loop {
            match self.waiters(FIRST, of)?.pop() {
                None => return Ok(None),
                Some(Some(first)) => return Ok(Some(first)),
                Some(None) => self.drop_first(of)?,
            }
        }
    }

    /// A row that cannot be read: those behind it come.
    fn drop_first(&self, of: &[&dyn ToSql]) -> rusqlite::Result<()> {
        let query = format!(
            "DELETE FROM waiter WHERE ns = ?1 AND pool = ?2 AND (key, round) IN
                 (SELECT key, round FROM waiter WHERE ns = ?1 AND pool = ?2 AND {FIRST})"
        );
        let gone = self.sql.prepare_cached(&query)?.execute(of)?;
        self.change_waiting(-i64::try_from(gone).unwrap_or(0))
    }

    /// Rows of a tenant of which none can be read.
    pub(super) fn drop_line(&self, tenant: &Tenant) -> rusqlite::Result<()> {
        let gone = self
            .sql
            .prepare_cached(
                "DELETE FROM waiter
                 WHERE ns = ?1 AND pool = ?2 AND tenant = ?3 AND lease_end IS NULL",
            )?
            .execute(params![self.ns, self.pool, tenant.as_str()])?;
        self.change_waiting(-i64::try_from(gone).unwrap_or(0))
    }

    pub(super) fn overdue(&self, now: Timestamp) -> rusqlite::Result<Vec<Waiter>> {
        let of = params![self.ns, self.pool, now.as_millis()];
        Ok(self
            .waiters("lease_end <= ?3 ORDER BY lease_end, key", of)?
            .into_iter()
            .flatten()
            .collect())
    }

    /// By priority, and then in their order.
    pub(super) fn of_tenant(&self, tenant: &Tenant, most: usize) -> rusqlite::Result<Vec<Waiter>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let of = params![self.ns, self.pool, tenant.as_str(), most];
        let which =
            "tenant = ?3 AND lease_end IS NULL ORDER BY priority, since, key, round LIMIT ?4";
        Ok(self.waiters(which, of)?.into_iter().flatten().collect())
    }

    /// `None` for a damaged row.
    fn waiters(&self, which: &str, of: impl Params) -> rusqlite::Result<Vec<Option<Waiter>>> {
        let query = format!("SELECT {COLUMNS} FROM waiter WHERE ns = ?1 AND pool = ?2 AND {which}");
        self.sql.prepare_cached(&query)?.query_map(of, |row| Ok(read(self.pool, row)))?.collect()
    }
}

/// `None` for a damaged row.
fn read(pool: &str, row: &Row<'_>) -> Option<Waiter> {
    let key = JobKey::parse(&String::from_utf8(column::bytes(row, 0).ok()?).ok()?)?;
    let (round, weight, revision) = (row.get(1).ok()?, row.get(2).ok()?, row.get(3).ok()?);
    let permit = Permit { pool: pool.to_owned(), key, round, weight, revision };
    let priority = *Priority::ALL.get(row.get::<_, usize>(4).ok()?)?;
    let since = Timestamp::from_millis(row.get(5).ok()?);
    Some(Waiter { permit, priority, since, cost: row.get(6).ok()? })
}
