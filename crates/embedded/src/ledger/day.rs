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

    pub(crate) fn count(self, sql: &Connection, ns: i64) -> rusqlite::Result<u64> {
        let count: Option<i64> = sql
            .prepare_cached("SELECT count FROM day WHERE ns = ?1 AND day = ?2")?
            .query_row([ns, self.0], |row| row.get(0))
            .optional()?;
        Ok(count.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// Never below zero.
    pub(crate) fn add(self, sql: &Connection, ns: i64, more: i64) -> rusqlite::Result<()> {
        sql.prepare_cached(
            "INSERT INTO day (ns, day, count) VALUES (?1, ?2, max(?3, 0))
             ON CONFLICT (ns, day) DO UPDATE SET count = max(count + ?3, 0)",
        )?
        .execute(params![ns, self.0, more])?;
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
