use rusqlite::{Connection, OptionalExtension, params};

use crate::writer::Tx;

pub(crate) fn set(tx: &mut Tx<'_>, ns: i64, account: &str, body: &str) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "INSERT INTO pause (ns, account, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (ns, account) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![ns, account, body])?;
    Ok(())
}

pub(crate) fn get(sql: &Connection, ns: i64, account: &str) -> rusqlite::Result<Option<String>> {
    sql.prepare_cached("SELECT body FROM pause WHERE ns = ?1 AND account = ?2")?
        .query_row(params![ns, account], |row| row.get(0))
        .optional()
}

/// Name and body of each, ordered by name.
pub(crate) fn all(sql: &Connection, ns: i64) -> rusqlite::Result<Vec<(String, String)>> {
    sql.prepare_cached("SELECT account, body FROM pause WHERE ns = ?1 ORDER BY account")?
        .query_map(params![ns], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(crate) fn clear(tx: &mut Tx<'_>, ns: i64, account: &str) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached("DELETE FROM pause WHERE ns = ?1 AND account = ?2")?
        .execute(params![ns, account])?;
    Ok(())
}
