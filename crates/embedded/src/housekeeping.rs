use std::time::{Duration, Instant};

use job::Timestamp;
use rusqlite::Connection;

use crate::broker::{journal, queues};
use crate::writer::{Chore, Tx};

const EVERY: Duration = Duration::from_secs(10);

/// Rows of each kind removed in one transaction, so that calls do not wait long.
const PORTION: i64 = 500;

/// The wait while more than a portion is left: 5,000 rows a second are enough for any load here.
const SOON: Duration = Duration::from_millis(100);

/// Results kept without a subscription; the oldest are dropped.
const UNROUTED: i64 = 10_000;

/// Daily counts of submissions are kept for this many days.
const DAYS: i64 = 2;
const DAY_MILLIS: i64 = 86_400_000;

/// Longer than any task may still be followed after its record has expired.
const JOURNAL_SLACK: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes expired rows from time to time.
pub(crate) struct Housekeeping {
    ns: i64,
    journal_age: Duration,
    next: Option<Instant>,
}

impl Housekeeping {
    /// The journal is kept longer than the records that can be rebuilt from it.
    pub(crate) fn new(ns: i64, retention: Duration) -> Self {
        Self { ns, journal_age: retention.saturating_add(JOURNAL_SLACK), next: None }
    }

    fn is_time(&self) -> bool {
        self.next.is_none_or(|next| next <= Instant::now())
    }

    /// Returns the largest number of removed rows of one kind.
    fn tidy(&self, tx: &mut Tx<'_>) -> rusqlite::Result<i64> {
        let now = tx.now.as_millis();
        tx.sql.prepare_cached("DELETE FROM lease WHERE expires_at <= ?1")?.execute([now])?;
        tx.sql
            .prepare_cached("DELETE FROM account_day WHERE day < ?1")?
            .execute([now / DAY_MILLIS - DAYS])?;
        let age = i64::try_from(self.journal_age.as_millis()).unwrap_or(i64::MAX);
        let lines = journal::trim(tx, self.ns, now.saturating_sub(age), PORTION)?;
        let tasks = remove_expired(tx, "proposal")?.max(remove_expired(tx, "task_owner")?);
        let pauses = remove_expired(tx, "manual_pause")?;
        let sums = remove_expired(tx, "spending")?.max(remove_expired(tx, "allowance")?);
        let accepted = remove_expired(tx, "acceptance")?;
        let most = remove_expired_records(tx)?.max(lines).max(tasks).max(pauses).max(sums);
        Ok(most.max(accepted).max(trim_unrouted(tx)?))
    }
}

impl Chore for Housekeeping {
    fn has_work(&mut self, sql: &Connection, now: Timestamp) -> bool {
        if !self.is_time() {
            return false;
        }
        let work = find_work(sql, now).unwrap_or(false);
        if !work {
            self.next = Some(Instant::now() + EVERY);
        }
        work
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        if self.is_time() {
            let most = self.tidy(tx)?;
            let wait = if most < PORTION { EVERY } else { SOON };
            self.next = Some(Instant::now() + wait);
        }
        Ok(())
    }
}

fn find_work(sql: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM record WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM lease WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM proposal WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM task_owner WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM manual_pause WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM spending WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM acceptance WHERE expires_at <= ?1)
             OR EXISTS (SELECT 1 FROM allowance WHERE expires_at <= ?1)",
    )?
    .query_row([now.as_millis()], |row| row.get(0))
}

fn remove_expired_records(tx: &mut Tx<'_>) -> rusqlite::Result<i64> {
    let expired: Vec<i64> = tx
        .sql
        .prepare_cached(
            "SELECT id FROM record WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
        )?
        .query_map([tx.now.as_millis(), PORTION], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for record in &expired {
        for statement in ["DELETE FROM due WHERE record = ?1", "DELETE FROM record WHERE id = ?1"] {
            tx.sql.prepare_cached(statement)?.execute([record])?;
        }
    }
    Ok(expired.len() as i64)
}

fn remove_expired(tx: &mut Tx<'_>, table: &str) -> rusqlite::Result<i64> {
    let statement = format!(
        "DELETE FROM {table} WHERE id IN
             (SELECT id FROM {table} WHERE expires_at <= ?1 LIMIT ?2)"
    );
    let removed = tx.sql.prepare_cached(&statement)?.execute([tx.now.as_millis(), PORTION])?;
    Ok(removed as i64)
}

fn trim_unrouted(tx: &mut Tx<'_>) -> rusqlite::Result<i64> {
    let queues: Vec<i64> = tx
        .sql
        .prepare_cached("SELECT id FROM queue WHERE name = ?1")?
        .query_map([queues::UNROUTED], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut most = 0;
    for queue in queues {
        let surplus = (queues::count_ready(tx.sql, queue)? - UNROUTED).clamp(0, PORTION);
        queues::drop_oldest(tx, queue, surplus)?;
        most = most.max(surplus);
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::schema::in_memory;
    use crate::writer::Touched;

    const NOW: i64 = 1_000 * DAY_MILLIS;

    fn in_tx<T>(sql: &Connection, work: impl FnOnce(&mut Tx<'_>) -> T) -> T {
        work(&mut Tx { sql, now: Timestamp::from_millis(NOW), touched: &mut Touched::default() })
    }

    fn count(sql: &Connection, table: &str) -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        sql.query_row(&query, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn only_what_has_expired_is_removed() {
        let sql = in_memory();
        let script = format!(
            "INSERT INTO namespace (id, name) VALUES (1, 'a');
             INSERT INTO record (id, ns, key, version, tenant, state, settled, created_at,
                                 expires_at, body)
             VALUES (1, 1, 'k/1', 1, 'k', 'succeeded', 1, 0, {NOW}, ''),
                    (2, 1, 'k/2', 1, 'k', 'succeeded', 1, 0, {NOW} + 1, ''),
                    (3, 1, 'k/3', 1, 'k', 'parked', 0, 0, NULL, '');
             INSERT INTO due VALUES (1, 1, 0, NULL), (2, 1, 0, NULL);
             INSERT INTO lease VALUES (1, 'a', 1, {NOW}), (1, 'b', 1, {NOW} + 1);
             INSERT INTO account_day VALUES (1, 'a', 997, 5), (1, 'a', 999, 5), (1, 'b', 999, 5);
             INSERT INTO proposal VALUES (1, 1, 'k/1', 1, 't', {NOW}), (2, 1, 'k/2', 1, 't', {NOW} + 1);
             INSERT INTO task_owner
             VALUES (1, 1, 'a', 't', 'k/1', 1, {NOW}), (2, 1, 'a', 'u', 'k/2', 1, {NOW} + 1);
             INSERT INTO manual_pause
             VALUES (1, 1, 'a', 'pool videos', '', {NOW}), (2, 1, 'a', 'pool audio', '', {NOW} + 1),
                    (3, 1, 'a', 'account', '', NULL);
             INSERT INTO acceptance VALUES (1, 1, 'k/1', '', {NOW}), (2, 1, 'k/2', '', {NOW} + 1);
             INSERT INTO allowance VALUES (1, 1, 'k', 'rate', 5, {NOW}), (2, 1, 'k', '1972-09', 5, {NOW} + 1);"
        );
        sql.execute_batch(&script).unwrap();
        let mut housekeeping = Housekeeping::new(1, Duration::ZERO);
        assert!(housekeeping.has_work(&sql, Timestamp::from_millis(NOW)));
        in_tx(&sql, |tx| housekeeping.run(tx)).unwrap();
        let tables = [
            "record",
            "due",
            "lease",
            "account_day",
            "proposal",
            "task_owner",
            "manual_pause",
            "acceptance",
            "allowance",
        ];
        let left = tables.map(|table| count(&sql, table));
        assert_eq!(left, [2, 1, 1, 2, 1, 1, 2, 1, 1]);
        assert!(!housekeeping.has_work(&sql, Timestamp::from_millis(NOW)));
    }

    #[test]
    fn a_heap_is_removed_portion_by_portion_without_a_long_rest() {
        let sql = in_memory();
        let script = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PORTION} + 1)
             INSERT INTO record (ns, key, version, tenant, state, settled, created_at, expires_at,
                                 body)
             SELECT 1, i, 1, 'k', 'succeeded', 1, 0, 1, '' FROM n;
             INSERT INTO namespace (id, name) VALUES (1, 'a');"
        );
        sql.execute_batch(&script).unwrap();
        let mut housekeeping = Housekeeping::new(1, Duration::ZERO);
        in_tx(&sql, |tx| housekeeping.run(tx)).unwrap();
        assert_eq!(count(&sql, "record"), 1);
        assert!(housekeeping.next.unwrap() <= Instant::now() + SOON);
        housekeeping.next = None;
        in_tx(&sql, |tx| housekeeping.run(tx)).unwrap();
        assert_eq!(count(&sql, "record"), 0);
        assert!(housekeeping.next.unwrap() > Instant::now() + SOON);
    }

    #[test]
    fn the_journal_is_trimmed_by_age_and_keeps_its_offsets() {
        let sql = in_memory();
        let old = NOW - JOURNAL_SLACK.as_millis() as i64 - 1;
        let script = format!(
            "INSERT INTO namespace (id, name, journal_next) VALUES (1, 'a', 3);
             INSERT INTO journal (ns, offset, at, props, body)
             VALUES (1, 0, {old}, '', x''), (1, 1, {old}, '', x''), (1, 2, {old} + 1, '', x'');"
        );
        sql.execute_batch(&script).unwrap();
        in_tx(&sql, |tx| Housekeeping::new(1, Duration::ZERO).run(tx)).unwrap();
        let first: i64 =
            sql.query_row("SELECT min(offset) FROM journal", [], |row| row.get(0)).unwrap();
        assert_eq!((count(&sql, "journal"), first), (1, 2));
    }

    #[test]
    fn unrouted_results_make_room_for_newer_ones() {
        let sql = in_memory();
        let script = format!(
            "INSERT INTO namespace (id, name) VALUES (1, 'a');
             INSERT INTO queue (id, ns, name) VALUES (7, 1, 'unrouted');
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {UNROUTED} + 3)
             INSERT INTO message (id, routing_key, props, body) SELECT i, '', '', x'' FROM n;
             INSERT INTO ready (queue, rank, message, deliveries) SELECT 7, id, id, 0 FROM message;"
        );
        sql.execute_batch(&script).unwrap();
        in_tx(&sql, |tx| Housekeeping::new(1, Duration::ZERO).run(tx)).unwrap();
        let oldest: i64 =
            sql.query_row("SELECT min(message) FROM ready", [], |row| row.get(0)).unwrap();
        assert_eq!((count(&sql, "message"), count(&sql, "ready"), oldest), (UNROUTED, UNROUTED, 4));
    }
}
