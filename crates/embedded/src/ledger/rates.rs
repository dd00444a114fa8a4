//! How many submissions a minute are made.

use job::{Rate, Timestamp};
use ports::{GrantTerms, Permit};
use rusqlite::{Connection, OptionalExtension, params};

/// The rates that a submission of a job counts for.
pub(super) struct Rates<'a> {
    pub(super) sql: &'a Connection,
    pub(super) ns: i64,
    pub(super) now: Timestamp,
    pub(super) permit: &'a Permit,
    pub(super) terms: &'a GrantTerms,
}

/// The name of the account itself.
const ALL: &str = "";

impl Rates<'_> {
    /// `None`: the rate of the account allows a submission now.
    pub(super) fn next_of_account(&self) -> rusqlite::Result<Option<Timestamp>> {
        self.next(ALL, self.terms.limits.per_minute)
    }

    pub(super) fn next_of_tenant(&self) -> rusqlite::Result<Option<Timestamp>> {
        let tenant = &self.permit.key.tenant;
        self.next(tenant.as_str(), self.terms.of(tenant).per_minute)
    }

    fn next(&self, name: &str, rate: u32) -> rusqlite::Result<Option<Timestamp>> {
        let Some(rate) = Rate::new(rate) else { return Ok(None) };
        Ok(rate.next(self.used_up(name)?, self.now))
    }

    /// A submission. Names whose rate is not used up are not kept.
    pub(super) fn count(&self) -> rusqlite::Result<()> {
        let tenant = &self.permit.key.tenant;
        let rates = [
            (ALL, self.terms.limits.per_minute),
            (tenant.as_str(), self.terms.of(tenant).per_minute),
        ];
        for (name, rate) in rates {
            let Some(rate) = Rate::new(rate) else { continue };
            let used_up = rate.after(self.used_up(name)?, self.now);
            self.sql
                .prepare_cached(
                    "INSERT INTO rate (ns, account, tenant, used_up) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (ns, account, tenant) DO UPDATE SET used_up = excluded.used_up",
                )?
                .execute(params![self.ns, self.account(), name, used_up])?;
            self.sql
                .prepare_cached("DELETE FROM rate WHERE used_up <= ?1")?
                .execute([self.now.as_millis().saturating_mul(1_000)])?;
        }
        Ok(())
    }

    fn used_up(&self, name: &str) -> rusqlite::Result<i64> {
        let used_up = self
            .sql
            .prepare_cached(
                "SELECT used_up FROM rate WHERE ns = ?1 AND account = ?2 AND tenant = ?3",
            )?
            .query_row(params![self.ns, self.account(), name], |row| row.get(0))
            .optional()?;
        Ok(used_up.unwrap_or(0))
    }

    fn account(&self) -> &str {
        Permit::account_of(&self.permit.pool)
    }
}
