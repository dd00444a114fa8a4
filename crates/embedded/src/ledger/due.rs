use std::collections::HashSet;
use std::time::Duration;

use job::Timestamp;
use ports::Claimed;
use rusqlite::{Connection, params};

use super::row::{Found, Keyed, limit};
use crate::column;
use crate::writer::Tx;

/// Sets when a record is due and ends its claim; `None` removes it.
pub(crate) fn set(tx: &mut Tx<'_>, ns: i64, record: i64, at: Option<i64>) -> rusqlite::Result<()> {
    match at {
        Some(at) => tx
            .sql
            .prepare_cached(
                "INSERT INTO due (record, ns, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (record) DO UPDATE SET at = excluded.at, holder = NULL",
            )?
            .execute([record, ns, at])?,
        None => tx.sql.prepare_cached("DELETE FROM due WHERE record = ?1")?.execute([record])?,
    };
    Ok(())
}

pub(crate) fn claim(
    tx: &mut Tx<'_>,
    ns: i64,
    process: i64,
    count: usize,
    lease: Duration,
) -> rusqlite::Result<Claimed<Keyed>> {
    let items = find(tx.sql, ns, tx.now, count)?;
    let claimed: HashSet<i64> = items.iter().map(|item| item.found.id).collect();
    for record in &claimed {
        tx.sql
            .prepare_cached(
                "UPDATE due SET holder = ?3, at = MIN(?2, IFNULL((
                     SELECT lease.expires_at FROM record
                     JOIN lease ON lease.ns = record.ns AND lease.owner = record.owner
                     WHERE record.id = ?1 AND lease.expires_at > ?4), ?2))
                 WHERE record = ?1",
            )?
            .execute(params![record, (tx.now + lease).as_millis(), process, tx.now.as_millis()])?;
    }
    Ok(Claimed { next: next(tx.sql, ns, &claimed)?, now: tx.now, items })
}

fn find(sql: &Connection, ns: i64, now: Timestamp, count: usize) -> rusqlite::Result<Vec<Keyed>> {
    sql.prepare_cached(
        "SELECT record.id, version, body, EXISTS (
             SELECT 1 FROM lease
             WHERE lease.ns = ?1 AND lease.owner = record.owner AND lease.expires_at > ?2),
             key
         FROM due CROSS JOIN record ON record.id = due.record
         WHERE due.ns = ?1 AND due.at <= ?2
         ORDER BY due.at, due.record LIMIT ?3",
    )?
    .query_map(params![ns, now.as_millis(), limit(count)], |row| {
        Ok(Keyed { found: Found::from_row(row)?, key: column::bytes(row, 4)? })
    })?
    .collect()
}

/// The earliest due time of a record that is not in `claimed`: one more row than those is enough.
fn next(sql: &Connection, ns: i64, claimed: &HashSet<i64>) -> rusqlite::Result<Option<Timestamp>> {
    let mut query =
        sql.prepare_cached("SELECT record, at FROM due WHERE ns = ?1 ORDER BY at LIMIT ?2")?;
    let mut rows = query.query(params![ns, limit(claimed.len() + 1)])?;
    while let Some(row) = rows.next()? {
        if !claimed.contains(&row.get(0)?) {
            return Ok(Some(Timestamp::from_millis(row.get(1)?)));
        }
    }
    Ok(None)
}

pub(crate) fn look_now(tx: &mut Tx<'_>, ns: i64, key: &str) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "UPDATE due SET at = ?3, holder = NULL
             WHERE at > ?3 AND record = (SELECT id FROM record WHERE ns = ?1 AND key = ?2)",
        )?
        .execute(params![ns, key, tx.now.as_millis()])?;
    Ok(())
}
