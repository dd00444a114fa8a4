use std::time::Duration;

use job::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A UTC day, counted from the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(i64);

impl Day {
    pub(crate) fn of(moment: Timestamp) -> Self {
        Self(moment.as_millis().div_euclid(DAY.as_millis() as i64))
    }

    /// The next UTC midnight.
    pub(crate) fn end(self) -> Timestamp {
        Timestamp::from_millis((self.0 + 1) * DAY.as_millis() as i64)
    }

    pub(crate) fn count(self, sql: &Connection, ns: i64, account: &str) -> rusqlite::Result<u64> {
        let count: Option<i64> = sql
            .prepare_cached(
                "SELECT count FROM account_day WHERE ns = ?1 AND account = ?2 AND day = ?3",
            )?
            .query_row(params![ns, account, self.0], |row| row.get(0))
            .optional()?;
        Ok(count.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// Never below zero.
    pub(crate) fn add(
        self,
        sql: &Connection,
        ns: i64,
        account: &str,
        more: i64,
    ) -> rusqlite::Result<()> {
        sql.prepare_cached(
            "INSERT INTO account_day (ns, account, day, count) VALUES (?1, ?2, ?3, max(?4, 0))
             ON CONFLICT (ns, account, day) DO UPDATE SET count = max(count + ?4, 0)",
        )?
        .execute(params![ns, account, self.0, more])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_the_next_utc_midnight() {
        let noon = Timestamp::parse("2026-12-01T12:00:00Z").unwrap();
        let midnight = Timestamp::parse("2026-12-02T00:00:00Z").unwrap();
        assert_eq!(Day::of(noon).end(), midnight);
        assert_eq!(Day::of(midnight).0, Day::of(noon).0 + 1);
    }
}
