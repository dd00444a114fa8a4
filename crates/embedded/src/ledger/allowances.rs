//! What the keys of the gateway have used.

use job::{Allowance, Allowed, Money, Period, Timestamp, UsedAllowance};
use rusqlite::{Connection, params};

use super::row::micros;
use crate::column;
use crate::writer::Tx;

/// The name of the row with the rate; the others are named after their periods.
const RATE: &str = "rate";

pub(crate) fn spend(
    tx: &mut Tx<'_>,
    ns: i64,
    key: &str,
    allowance: &Allowance,
    amount: Option<Money>,
) -> rusqlite::Result<Allowed> {
    let before = used(tx.sql, ns, key)?;
    let mut used = before.clone();
    let allowed = allowance.spend(&mut used, amount, tx.now);
    if used == before {
        return Ok(allowed);
    }
    forget_ended(tx, ns, key)?;
    let free_at = used.used_up.div_euclid(1_000) + 1;
    keep(tx.sql, ns, key, RATE, used.used_up, free_at)?;
    for (period, sum) in &used.spent {
        let end = period.end().as_millis();
        keep(tx.sql, ns, key, &period.to_string(), micros(*sum), end)?;
    }
    Ok(allowed)
}

fn used(sql: &Connection, ns: i64, key: &str) -> rusqlite::Result<UsedAllowance> {
    let mut used = UsedAllowance::default();
    let mut statement =
        sql.prepare_cached("SELECT what, value FROM allowance WHERE ns = ?1 AND key = ?2")?;
    let mut rows = statement.query(params![ns, key])?;
    while let Some(row) = rows.next()? {
        let what = column::lossy(row, 0)?;
        match Period::parse(&what) {
            Some(period) => drop(used.spent.insert(period, Money::from_micros(row.get(1)?))),
            None if what == RATE => used.used_up = row.get(1)?,
            None => {}
        }
    }
    Ok(used)
}

fn forget_ended(tx: &Tx<'_>, ns: i64, key: &str) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "DELETE FROM allowance WHERE ns = ?1 AND key = ?2 AND what <> ?3 AND expires_at <= ?4",
        )?
        .execute(params![ns, key, RATE, tx.now.as_millis()])?;
    Ok(())
}

fn keep(
    sql: &Connection,
    ns: i64,
    key: &str,
    what: &str,
    value: i64,
    expires_at: i64,
) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "INSERT INTO allowance (ns, key, what, value, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (ns, key, what)
         DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at",
    )?
    .execute(params![ns, key, what, value, expires_at])?;
    Ok(())
}

pub(crate) fn give_back(
    tx: &mut Tx<'_>,
    ns: i64,
    key: &str,
    amount: Money,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let mut statement = tx.sql.prepare_cached(
        "UPDATE allowance SET value = max(value - ?4, 0)
         WHERE ns = ?1 AND key = ?2 AND what = ?3",
    )?;
    for period in Period::both_of(at) {
        statement.execute(params![ns, key, period.to_string(), micros(amount)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use conformance::ledger::{TimedAllowances, allows_as_decided};

    use super::*;
    use crate::schema::in_memory;
    use crate::writer::Touched;

    struct File(Connection);

    impl File {
        fn at<T>(
            &self,
            now: Timestamp,
            work: impl FnOnce(&mut Tx<'_>) -> rusqlite::Result<T>,
        ) -> T {
            work(&mut Tx { sql: &self.0, now, touched: &mut Touched::default() }).unwrap()
        }
    }

    impl TimedAllowances for File {
        fn spend(
            &mut self,
            key: &str,
            allowance: &Allowance,
            amount: Option<Money>,
            now: Timestamp,
        ) -> Allowed {
            self.at(now, |tx| spend(tx, 1, key, allowance, amount))
        }

        fn give_back(&mut self, key: &str, amount: Money, at: Timestamp) {
            self.at(at, |tx| give_back(tx, 1, key, amount, at));
        }
    }

    #[test]
    fn keys_are_allowed_as_decided_at_any_time() {
        allows_as_decided(&mut File(in_memory()));
    }

    #[test]
    fn periods_that_are_over_are_removed() {
        let mut file = File(in_memory());
        for day in ["2026-11-29T12:00:00Z", "2026-11-30T12:00:00Z", "2026-12-01T12:00:00Z"] {
            let now = Timestamp::parse(day).unwrap();
            file.spend("a", &Allowance::default(), Some(Money::from_micros(5)), now);
        }
        let used = used(&file.0, 1, "a").unwrap();
        let kept: Vec<_> = used.spent.keys().map(Period::to_string).collect();
        assert_eq!(kept, ["2026-12-01", "2026-12"]);
    }
}
