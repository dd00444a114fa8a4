use std::time::Duration;

use job::Timestamp;
use ports::{AccountTask, MOST_PROPOSALS};
use rusqlite::{Connection, OptionalExtension, params};

use super::row::limit;
use crate::column;
use crate::writer::Tx;

/// A full list accepts no new id.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    ns: i64,
    key: &str,
    round: u32,
    task: &str,
    keep_for: Duration,
) -> rusqlite::Result<()> {
    // Expired ids must not become valid again with a new one.
    tx.sql
        .prepare_cached(
            "DELETE FROM proposal WHERE ns = ?1 AND key = ?2 AND round = ?3 AND expires_at <= ?4",
        )?
        .execute(params![ns, key, round, tx.now.as_millis()])?;
    let there = of(tx.sql, ns, key, round, tx.now)?;
    if there.len() >= MOST_PROPOSALS && !there.iter().any(|known| known == task) {
        return Ok(());
    }
    let expires = (tx.now + keep_for).as_millis();
    tx.sql
        .prepare_cached(
            "INSERT INTO proposal (ns, key, round, task, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (ns, key, round, task) DO NOTHING",
        )?
        .execute(params![ns, key, round, task, expires])?;
    // All expire together, once none has arrived for `keep_for`.
    tx.sql
        .prepare_cached(
            "UPDATE proposal SET expires_at = ?4 WHERE ns = ?1 AND key = ?2 AND round = ?3",
        )?
        .execute(params![ns, key, round, expires])?;
    Ok(())
}

pub(crate) fn of(
    sql: &Connection,
    ns: i64,
    key: &str,
    round: u32,
    now: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    let named: Vec<Vec<u8>> = sql
        .prepare_cached(
            "SELECT task FROM proposal
         WHERE ns = ?1 AND key = ?2 AND round = ?3 AND expires_at > ?4 ORDER BY id LIMIT ?5",
        )?
        .query_map(params![ns, key, round, now.as_millis(), limit(MOST_PROPOSALS)], |row| {
            column::bytes(row, 0)
        })?
        .collect::<rusqlite::Result<_>>()?;
    // An id that cannot be read is ignored.
    Ok(named.into_iter().filter_map(|task| String::from_utf8(task).ok()).collect())
}

/// An owner is replaced if it is the same or has expired.
pub(crate) fn claim_task(
    tx: &mut Tx<'_>,
    ns: i64,
    task: &AccountTask,
    key: &str,
    round: u32,
    keep_for: Duration,
) -> rusqlite::Result<bool> {
    let (now, expires) = (tx.now.as_millis(), (tx.now + keep_for).as_millis());
    let changed = tx
        .sql
        .prepare_cached(
            "INSERT INTO task_owner (ns, account, task, key, round, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (ns, account, task) DO UPDATE
             SET key = excluded.key, round = excluded.round, expires_at = excluded.expires_at
             WHERE expires_at <= ?7 OR (key = excluded.key AND round = excluded.round)",
        )?
        .execute(params![ns, task.account, task.id, key, round, expires, now])?;
    Ok(changed == 1)
}

/// The key of the job that owns a task.
pub(crate) fn owner(
    sql: &Connection,
    ns: i64,
    task: &AccountTask,
    now: Timestamp,
) -> rusqlite::Result<Option<String>> {
    let key = sql
        .prepare_cached(
            "SELECT key FROM task_owner
             WHERE ns = ?1 AND account = ?2 AND task = ?3 AND expires_at > ?4",
        )?
        .query_row(params![ns, task.account, task.id, now.as_millis()], |row| column::bytes(row, 0))
        .optional()?;
    Ok(key.and_then(|key| String::from_utf8(key).ok()))
}
