//! What the tenants of a pool are charged.

use job::{FairShare, FairTime, Priority, Tenant};
use ports::GrantTerms;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A pool's room.
#[derive(Clone, Copy)]
pub(super) struct Room<'a> {
    pub(super) sql: &'a Connection,
    pub(super) ns: i64,
    pub(super) pool: &'a str,
}

impl Room<'_> {
    /// The tenant has a waiting job: unless it had others, its charge begins now.
    pub(super) fn begin_share(&self, tenant: &Tenant) -> rusqlite::Result<()> {
        match self.share(tenant)? {
            Some((_, true)) => Ok(()),
            charged => {
                let charged = charged.map_or(0.0, |(share, _)| share.start);
                self.put_share(tenant, &FairShare::begin(self.time()?.now, charged), true)
            }
        }
    }

    /// Whether the tenant's last job has left the room.
    pub(super) fn end_share(&self, tenant: &Tenant) -> rusqlite::Result<bool> {
        let ended = self
            .sql
            .prepare_cached(
                "UPDATE share SET waits = 0 WHERE ns = ?1 AND pool = ?2 AND tenant = ?3
                     AND waits = 1 AND NOT EXISTS (SELECT 1 FROM waiter WHERE ns = ?1 AND pool = ?2
                         AND tenant = ?3 AND lease_end IS NULL)",
            )?
            .execute(params![self.ns, self.pool, tenant.as_str()])?;
        Ok(ended > 0)
    }

    /// What is charged until now is settled. Each tenant left was served, and service moves now on:
    /// about as many stay as tenants wait.
    pub(super) fn forget_charged(&self) -> rusqlite::Result<()> {
        self.sql
            .prepare_cached(
                "DELETE FROM share WHERE ns = ?1 AND pool = ?2 AND waits = 0 AND start <= ?3",
            )?
            .execute(params![self.ns, self.pool, self.time()?.now])?;
        Ok(())
    }

    /// `all`: the weights of all tenants that wait.
    pub(super) fn charge(
        &self,
        tenant: &Tenant,
        (priority, cost): (Priority, u64),
        weight: u32,
        all: u64,
    ) -> rusqlite::Result<()> {
        let Some((mut share, waits)) = self.share(tenant)? else { return Ok(()) };
        let mut time = self.time()?;
        time.serve(&mut share, priority, cost, weight, all);
        self.sql
            .prepare_cached(
                "INSERT INTO room (ns, pool, now, served) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (ns, pool) DO UPDATE SET now = ?3, served = ?4",
            )?
            .execute(params![self.ns, self.pool, time.now, time.served])?;
        self.put_share(tenant, &share, waits)
    }

    /// The first answer about the tenants with waiting jobs, in the order in which they are served.
    /// They are read one by one.
    pub(super) fn first_tenant<T>(
        &self,
        mut found: impl FnMut(Tenant, FairShare) -> rusqlite::Result<Option<T>>,
    ) -> rusqlite::Result<Option<T>> {
        let mut statement = self.sql.prepare_cached(
            "SELECT start, now, finish_high, finish_normal, finish_low, CAST(tenant AS BLOB)
             FROM share WHERE ns = ?1 AND pool = ?2 AND waits = 1 ORDER BY start, tenant",
        )?;
        let mut rows = statement.query(params![self.ns, self.pool])?;
        while let Some(row) = rows.next()? {
            let name = String::from_utf8(row.get(5)?).ok();
            // Only tenants of waiters are written.
            let Some(tenant) = name.and_then(|name| Tenant::new(name).ok()) else { continue };
            if let Some(answer) = found(tenant, read(row)?)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    pub(super) fn count_tenants(&self) -> rusqlite::Result<u32> {
        self.sql
            .prepare_cached("SELECT count(*) FROM share WHERE ns = ?1 AND pool = ?2 AND waits = 1")?
            .query_row(params![self.ns, self.pool], |row| row.get(0))
    }

    /// The weights of all tenants that wait.
    pub(super) fn all_weights(&self, terms: &GrantTerms) -> rusqlite::Result<u64> {
        let mut named = Vec::new();
        for (tenant, of_tenant) in &terms.tenants {
            if self.share(tenant)?.is_some_and(|(_, waits)| waits) {
                named.push(of_tenant);
            }
        }
        Ok(terms.weights(self.count_tenants()?.into(), named.into_iter()))
    }

    pub(super) fn has_waiting(&self, tenant: &Tenant) -> rusqlite::Result<bool> {
        Ok(self.share(tenant)?.is_some_and(|(_, waits)| waits))
    }

    fn time(&self) -> rusqlite::Result<FairTime> {
        let time = self
            .sql
            .prepare_cached("SELECT now, served FROM room WHERE ns = ?1 AND pool = ?2")?
            .query_row(params![self.ns, self.pool], |row| {
                Ok(FairTime { now: row.get(0)?, served: row.get(1)? })
            })
            .optional()?;
        Ok(time.unwrap_or_default())
    }

    fn share(&self, tenant: &Tenant) -> rusqlite::Result<Option<(FairShare, bool)>> {
        self.sql
            .prepare_cached(
                "SELECT start, now, finish_high, finish_normal, finish_low, waits FROM share
                 WHERE ns = ?1 AND pool = ?2 AND tenant = ?3",
            )?
            .query_row(params![self.ns, self.pool, tenant.as_str()], |row| {
                Ok((read(row)?, row.get(5)?))
            })
            .optional()
    }

    fn put_share(&self, tenant: &Tenant, share: &FairShare, waits: bool) -> rusqlite::Result<()> {
        let FairShare { start, now, finish: [high, normal, low] } = *share;
        self.sql
            .prepare_cached(
                "INSERT INTO share (ns, pool, tenant, waits, start, now, finish_high,
                     finish_normal, finish_low)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (ns, pool, tenant) DO UPDATE SET waits = ?4, start = ?5, now = ?6,
                     finish_high = ?7, finish_normal = ?8, finish_low = ?9",
            )?
            .execute(params![
                self.ns,
                self.pool,
                tenant.as_str(),
                waits,
                start,
                now,
                high,
                normal,
                low
            ])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<FairShare> {
    let finish = [row.get(2)?, row.get(3)?, row.get(4)?];
    Ok(FairShare { start: row.get(0)?, now: row.get(1)?, finish })
}
