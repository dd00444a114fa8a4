use job::Timestamp;
use ports::Following;
use rusqlite::{Connection, OptionalExtension, params};

use crate::writer::Tx;

/// `None` while another living owner follows.
pub(crate) fn follow(tx: &mut Tx<'_>, ns: i64, owner: &str) -> rusqlite::Result<Option<Following>> {
    let there: Option<(Option<i64>, bool)> = tx
        .sql
        .prepare_cached(
            "UPDATE namespace SET follower = ?2
             WHERE id = ?1 AND (follower IS NULL OR follower = ?2 OR NOT EXISTS (
                 SELECT 1 FROM lease
                 WHERE lease.ns = ?1 AND lease.owner = follower AND lease.expires_at > ?3))
             RETURNING followed, lost",
        )?
        .query_row(params![ns, owner, tx.now.as_millis()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(there.map(|(next, lost)| {
        let next = next.and_then(|next| u64::try_from(next).ok());
        Following { next, lost }
    }))
}

pub(crate) fn followed(tx: &mut Tx<'_>, ns: i64, next: u64) -> rusqlite::Result<()> {
    let next = i64::try_from(next).unwrap_or(i64::MAX);
    tx.sql
        .prepare_cached("UPDATE namespace SET followed = ?2 WHERE id = ?1")?
        .execute([ns, next])?;
    Ok(())
}

pub(crate) fn lost(tx: &mut Tx<'_>, ns: i64) -> rusqlite::Result<()> {
    tx.sql.prepare_cached("UPDATE namespace SET lost = 1 WHERE id = ?1")?.execute([ns])?;
    Ok(())
}

pub(crate) fn open(tx: &mut Tx<'_>, ns: i64, at: Timestamp) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached("UPDATE namespace SET opens_at = coalesce(opens_at, ?2) WHERE id = ?1")?
        .execute([ns, at.as_millis()])?;
    Ok(())
}

pub(crate) fn distrust(tx: &mut Tx<'_>, ns: i64) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached("UPDATE namespace SET generation = NULL, followed = NULL WHERE id = ?1")?
        .execute([ns])?;
    Ok(())
}

pub(crate) fn revisions(
    sql: &Connection,
    ns: i64,
    keys: &[String],
    now: Timestamp,
) -> rusqlite::Result<Vec<Option<u64>>> {
    let mut asking = sql.prepare_cached(
        "SELECT CASE WHEN json_valid(body) THEN json_extract(body, '$.revision') END FROM record
         WHERE ns = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
    )?;
    let revision = |key: &String| -> rusqlite::Result<Option<u64>> {
        // A record that cannot be read counts as the oldest.
        let found: Option<u64> = asking
            .query_row(params![ns, key, now.as_millis()], |row| {
                Ok(row.get_ref(0)?.as_i64().ok().and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
            })
            .optional()?;
        Ok(found)
    };
    keys.iter().map(revision).collect()
}
