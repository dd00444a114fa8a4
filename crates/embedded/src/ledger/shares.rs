//! What the tenants of a pool are charged.

use job::{FairShare, Tenant};
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
                self.put_share(tenant, &FairShare::begin(self.now()?, charged), true)
            }
        }
    }

    /// The tenant's last job has left the room.
    pub(super) fn end_share(&self, tenant: &Tenant) -> rusqlite::Result<()> {
        self.sql
            .prepare_cached(
                "UPDATE share SET waits = 0 WHERE ns = ?1 AND pool = ?2 AND tenant = ?3
                     AND NOT EXISTS (SELECT 1 FROM waiter WHERE ns = ?1 AND pool = ?2
                         AND tenant = ?3 AND lease_end IS NULL)",
            )?
            .execute(params![self.ns, self.pool, tenant.as_str()])?;
        Ok(())
    }

    pub(super) fn charge(
        &self,
        tenant: &Tenant,
        charge: impl FnOnce(&mut FairShare),
    ) -> rusqlite::Result<()> {
        let Some((mut share, waits)) = self.share(tenant)? else { return Ok(()) };
        let now = self.now()?.max(share.start);
        self.sql
            .prepare_cached(
                "INSERT INTO room (ns, pool, now) VALUES (?1, ?2, ?3)
                 ON CONFLICT (ns, pool) DO UPDATE SET now = excluded.now",
            )?
            .execute(params![self.ns, self.pool, now])?;
        charge(&mut share);
        self.put_share(tenant, &share, waits)?;
        self.sql
            .prepare_cached(
                "DELETE FROM share WHERE ns = ?1 AND pool = ?2 AND waits = 0 AND start <= ?3",
            )?
            .execute(params![self.ns, self.pool, now])?;
        Ok(())
    }

    /// The tenants with waiting jobs, in the order in which they are served.
    pub(super) fn tenants(&self, most: usize) -> rusqlite::Result<Vec<(Tenant, FairShare)>> {
        self.sql
            .prepare_cached(
                "SELECT start, now, finish_high, finish_normal, finish_low, tenant FROM share
                 WHERE ns = ?1 AND pool = ?2 AND waits = 1 ORDER BY start, tenant LIMIT ?3",
            )?
            .query_map(
                params![self.ns, self.pool, i64::try_from(most).unwrap_or(i64::MAX)],
                |row| Ok((row.get::<_, String>(5)?, read(row)?)),
            )?
            .filter_map(|row| match row {
                // Only tenants of waiters are written.
                Ok((name, share)) => Tenant::new(name).ok().map(|tenant| Ok((tenant, share))),
                Err(error) => Some(Err(error)),
            })
            .collect()
    }

    fn now(&self) -> rusqlite::Result<f64> {
        let now = self
            .sql
            .prepare_cached("SELECT now FROM room WHERE ns = ?1 AND pool = ?2")?
            .query_row(params![self.ns, self.pool], |row| row.get(0))
            .optional()?;
        Ok(now.unwrap_or(0.0))
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
