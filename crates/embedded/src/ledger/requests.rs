//! The requests of records, each stored beside its record.

use ports::LedgerError;
use rusqlite::{Connection, OptionalExtension, params};

use super::Outcome;
use super::row::{Beside, Row};
use crate::column;
use crate::error::Error;
use crate::writer::Tx;

/// Writes the request only if it differs from the stored one.
pub(crate) fn set(tx: &mut Tx<'_>, record: i64, row: &Row) -> Outcome<()> {
    match &row.request {
        Beside::Nothing => remove(tx, record)?,
        Beside::Stays if digest(tx.sql, record)?.is_some() => {}
        Beside::Stays => {
            return Err(Error::Refused(LedgerError::LeftApart { key: row.key.clone() }));
        }
        Beside::Here { digest: new, .. } if digest(tx.sql, record)?.as_ref() == Some(new) => {}
        Beside::Here { digest, text } => write(tx, record, digest, text)?,
    }
    Ok(())
}

pub(crate) fn of(sql: &Connection, record: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    sql.prepare_cached("SELECT body FROM request WHERE record = ?1")?
        .query_row([record], |row| column::bytes(row, 0))
        .optional()
}

fn digest(sql: &Connection, record: i64) -> rusqlite::Result<Option<String>> {
    sql.prepare_cached("SELECT digest FROM request WHERE record = ?1")?
        .query_row([record], |row| row.get(0))
        .optional()
}

fn write(tx: &mut Tx<'_>, record: i64, digest: &str, text: &str) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "INSERT OR REPLACE INTO request (record, digest, body) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![record, digest, text])?;
    Ok(())
}

fn remove(tx: &mut Tx<'_>, record: i64) -> rusqlite::Result<()> {
    tx.sql.prepare_cached("DELETE FROM request WHERE record = ?1")?.execute([record])?;
    Ok(())
}
