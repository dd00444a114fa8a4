//! Delayed messages: they return to their lane after a wait.

use std::time::Duration;

use job::Timestamp;
use rusqlite::{Connection, params};

use super::message;
use crate::packed::Packed;
use crate::writer::{Chore, Tx};

/// Messages returned in one transaction; the rest follows in the next.
const PORTION: i64 = 1_000;

pub(crate) fn put(
    tx: &mut Tx<'_>,
    queue: i64,
    key: &str,
    wait: Duration,
    packed: &Packed,
) -> rusqlite::Result<()> {
    let message = message::insert(tx.sql, key, packed)?;
    tx.sql
        .prepare_cached("INSERT INTO later (message, queue, due_at) VALUES (?1, ?2, ?3)")?
        .execute(params![message, queue, (tx.now + wait).as_millis()])?;
    Ok(())
}

fn is_due(sql: &Connection, now: Timestamp) -> bool {
    sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM later WHERE due_at <= ?1)")
        .and_then(|mut query| query.query_row([now.as_millis()], |row| row.get(0)))
        .unwrap_or(false)
}

/// Counts the messages of a queue that are due and not returned yet.
pub(crate) fn count_due(sql: &Connection, queue: i64, now: Timestamp) -> rusqlite::Result<i64> {
    sql.prepare_cached("SELECT count(*) FROM later WHERE due_at <= ?2 AND queue = ?1")?
        .query_row(params![queue, now.as_millis()], |row| row.get(0))
}

/// Returns delayed messages that are due.
pub(crate) struct Promote;

impl Chore for Promote {
    fn has_work(&mut self, sql: &Connection, now: Timestamp) -> bool {
        is_due(sql, now)
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<()> {
        promote(tx)
    }
}

/// Puts messages that are due at the end of their queues.
fn promote(tx: &mut Tx<'_>) -> rusqlite::Result<()> {
    let due: Vec<(i64, i64)> = tx
        .sql
        .prepare_cached(
            "SELECT message, queue FROM later WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
        )?
        .query_map(params![tx.now.as_millis(), PORTION], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (message, queue) in due {
        let rank = next_rank(tx)?;
        tx.sql
            .prepare_cached(
                "INSERT INTO ready (queue, rank, message, deliveries) VALUES (?1, ?2, ?3, 0)",
            )?
            .execute([queue, rank, message])?;
        tx.sql.prepare_cached("DELETE FROM later WHERE message = ?1")?.execute([message])?;
        tx.touched.queues.insert(queue);
    }
    Ok(())
}

/// The rank of a message published now; no later message gets it.
fn next_rank(tx: &mut Tx<'_>) -> rusqlite::Result<i64> {
    tx.sql
        .prepare_cached(
            "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'message' RETURNING seq",
        )?
        .query_row([], |row| row.get(0))
}
