//! How many jobs wait, and where.

use job::{JobKey, Tenant, WaitingCount};
use ports::{Place, TenantWaiting};
use rusqlite::{OptionalExtension, params};

use super::shares::Room;

impl Room<'_> {
    pub(super) fn somebody_waits(&self) -> rusqlite::Result<bool> {
        self.sql
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM share WHERE ns = ?1 AND pool = ?2 AND waits = 1)",
            )?
            .query_row(params![self.ns, self.pool], |row| row.get(0))
    }

    /// Counted apart: whoever finds the pool full asks for it.
    pub(super) fn count(&self) -> rusqlite::Result<u32> {
        let waiting: Option<i64> = self
            .sql
            .prepare_cached("SELECT waiting FROM room WHERE ns = ?1 AND pool = ?2")?
            .query_row(params![self.ns, self.pool], |row| row.get(0))
            .optional()?;
        Ok(waiting.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
    }

    pub(super) fn change_waiting(&self, change: i64) -> rusqlite::Result<()> {
        self.sql
            .prepare_cached(
                "INSERT INTO room (ns, pool, waiting) VALUES (?1, ?2, ?3)
                 ON CONFLICT (ns, pool) DO UPDATE SET waiting = waiting + excluded.waiting",
            )?
            .execute(params![self.ns, self.pool, change])?;
        Ok(())
    }

    pub(super) fn count_waiting(&self, tenant: &Tenant) -> rusqlite::Result<WaitingCount> {
        Ok(WaitingCount { of_pool: self.count()?, of_tenant: self.count_of(tenant)? })
    }

    fn count_of(&self, tenant: &Tenant) -> rusqlite::Result<u32> {
        self.sql
            .prepare_cached(
                "SELECT count(*) FROM waiter
                 WHERE ns = ?1 AND pool = ?2 AND tenant = ?3 AND lease_end IS NULL",
            )?
            .query_row(params![self.ns, self.pool, tenant.as_str()], |row| row.get(0))
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
        Ok(Some(Place { ahead, waiting: self.count()?, tenants: self.count_tenants()? }))
    }

    pub(super) fn waiting(&self, most: usize) -> rusqlite::Result<Vec<TenantWaiting>> {
        let mut shown = Vec::new();
        if most == 0 {
            return Ok(shown);
        }
        self.first_tenant(|tenant, _| {
            let (waiting, used) = (self.count_of(&tenant)?, self.used_by(&tenant)?);
            shown.push(TenantWaiting { tenant, waiting, used });
            Ok((shown.len() == most).then_some(()))
        })?;
        Ok(shown)
    }
}
