use job::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::row::{Found, Row};
use super::{Outcome, activity, due, outbox, requests};
use crate::writer::Tx;

/// The record of a key, if it has not expired.
pub(crate) fn load(
    sql: &Connection,
    ns: i64,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Found>> {
    sql.prepare_cached(
        "SELECT id, version, body, EXISTS (
             SELECT 1 FROM lease
             WHERE lease.ns = record.ns AND lease.owner = record.owner AND lease.expires_at > ?3)
         FROM record
         WHERE ns = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
    )?
    .query_row(params![ns, key, now.as_millis()], Found::from_row)
    .optional()
}

/// The record and its request, both of one snapshot.
pub(crate) fn load_whole(
    sql: &Connection,
    ns: i64,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<(Found, Option<Vec<u8>>)>> {
    let moment = sql.unchecked_transaction()?;
    let Some(found) = load(&moment, ns, key, now)? else {
        return Ok(None);
    };
    let request = requests::of(&moment, found.id)?;
    Ok(Some((found, request)))
}

/// `None` if there was no record and it is now written; otherwise the present one.
pub(crate) fn create(tx: &mut Tx<'_>, ns: i64, process: i64, row: &Row) -> Outcome<Option<Found>> {
    if let Some(found) = load(tx.sql, ns, &row.key, tx.now)? {
        return Ok(Some(found));
    }
    remove_expired(tx, ns, &row.key)?;
    tx.sql
        .prepare_cached(
            "INSERT INTO record
                 (ns, key, version, tenant, state, settled, owner, created_at, body, expires_at)
             VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            ns,
            row.key,
            row.tenant,
            row.state,
            row.settled,
            row.owner,
            row.created_at,
            row.body,
            expiry(tx, row)
        ])?;
    let id = tx.sql.last_insert_rowid();
    count_ended(tx, ns, row, false)?;
    requests::set(tx, id, row)?;
    index(tx, ns, process, id, row)?;
    Ok(None)
}

/// The new version, or the present record if its version is not the expected one.
pub(crate) fn swap(
    tx: &mut Tx<'_>,
    ns: i64,
    process: i64,
    expected: u64,
    row: &Row,
) -> Outcome<Result<u64, Option<Found>>> {
    let found = match load(tx.sql, ns, &row.key, tx.now)? {
        Some(found) if u64::try_from(found.version) == Ok(expected) => found,
        other => return Ok(Err(other)),
    };
    let was_settled = row.ended.is_some() && is_settled(tx, found.id)?;
    tx.sql
        .prepare_cached(
            "UPDATE record
             SET version = version + 1, tenant = ?2, state = ?3, settled = ?4, owner = ?5,
                 created_at = ?6, body = ?7, expires_at = ?8
             WHERE id = ?1",
        )?
        .execute(params![
            found.id,
            row.tenant,
            row.state,
            row.settled,
            row.owner,
            row.created_at,
            row.body,
            expiry(tx, row)
        ])?;
    count_ended(tx, ns, row, was_settled)?;
    requests::set(tx, found.id, row)?;
    index(tx, ns, process, found.id, row)?;
    Ok(Ok(expected + 1))
}

fn is_settled(tx: &Tx<'_>, id: i64) -> rusqlite::Result<bool> {
    tx.sql
        .prepare_cached("SELECT settled FROM record WHERE id = ?1")?
        .query_row(params![id], |row| row.get(0))
}

fn count_ended(tx: &Tx<'_>, ns: i64, row: &Row, was_settled: bool) -> rusqlite::Result<()> {
    match &row.ended {
        Some(ended) if !was_settled => activity::count(tx, ns, ended),
        Some(_) | None => Ok(()),
    }
}

fn expiry(tx: &Tx<'_>, row: &Row) -> Option<i64> {
    row.fades_in.map(|wait| (tx.now + wait).as_millis())
}

/// Writes the due time and the outbox of a record, in the same transaction.
fn index(tx: &mut Tx<'_>, ns: i64, process: i64, id: i64, row: &Row) -> rusqlite::Result<()> {
    due::set(tx, ns, id, row.due)?;
    for entry in &row.outbox {
        outbox::add(tx, ns, process, entry, row.outbox_lease)?;
    }
    Ok(())
}

fn remove_expired(tx: &mut Tx<'_>, ns: i64, key: &str) -> rusqlite::Result<()> {
    let removed: Option<i64> = tx
        .sql
        .prepare_cached("DELETE FROM record WHERE ns = ?1 AND key = ?2 RETURNING id")?
        .query_row(params![ns, key], |row| row.get(0))
        .optional()?;
    match removed {
        Some(id) => due::set(tx, ns, id, None),
        None => Ok(()),
    }
}
