use rusqlite::{Connection, params};

use crate::writer::Tx;

pub(crate) fn set(
    tx: &mut Tx<'_>,
    ns: i64,
    account: &str,
    operation: &str,
    body: &str,
) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "INSERT INTO witness (ns, account, operation, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (ns, account, operation) DO UPDATE SET body = excluded.body",
        )?
        .execute(params![ns, account, operation, body])?;
    Ok(())
}

/// Ordered by operation.
pub(crate) fn all(sql: &Connection, ns: i64, account: &str) -> rusqlite::Result<Vec<String>> {
    sql.prepare_cached(
        "SELECT body FROM witness WHERE ns = ?1 AND account = ?2 ORDER BY operation",
    )?
    .query_map(params![ns, account], |row| row.get(0))?
    .collect()
}
