use std::time::Duration;

use rusqlite::params;

use crate::writer::Tx;

pub(crate) fn take(
    tx: &mut Tx<'_>,
    ns: i64,
    pool: &str,
    owner: &str,
    lasts: Duration,
) -> rusqlite::Result<bool> {
    let ends_at = (tx.now + lasts).as_millis();
    let taken = tx
        .sql
        .prepare_cached(
            "INSERT INTO turn (ns, pool, owner, ends_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (ns, pool) DO UPDATE SET owner = ?3, ends_at = ?4
             WHERE owner = ?3 OR ends_at <= ?5 OR ends_at > ?4",
        )?
        .execute(params![ns, pool, owner, ends_at, tx.now.as_millis()])?;
    Ok(taken > 0)
}

pub(crate) fn end(tx: &mut Tx<'_>, ns: i64, pool: &str, owner: &str) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached("DELETE FROM turn WHERE ns = ?1 AND pool = ?2 AND owner = ?3")?
        .execute(params![ns, pool, owner])?;
    Ok(())
}
