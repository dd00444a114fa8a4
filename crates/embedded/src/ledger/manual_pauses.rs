//! Pauses by hand.

use job::{ManualPause, Timestamp};
use ports::MOST_MANUAL_PAUSES;
use rusqlite::{Connection, params};

use super::row::limit;
use crate::writer::Tx;

const IN_FORCE: &str = "ns = ?1 AND account = ?2 AND (expires_at IS NULL OR expires_at > ?3)";

/// `false`: the account has the most pauses that it may have.
pub(crate) fn set(
    tx: &mut Tx<'_>,
    ns: i64,
    account: &str,
    pause: &ManualPause,
    body: &str,
) -> rusqlite::Result<bool> {
    let scope = pause.scope.to_string();
    if others(tx, ns, account, &scope)? >= limit(MOST_MANUAL_PAUSES) {
        return Ok(false);
    }
    let expires = pause.until.map(Timestamp::as_millis);
    tx.sql
        .prepare_cached(
            "INSERT INTO manual_pause (ns, account, scope, body, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (ns, account, scope)
             DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at",
        )?
        .execute(params![ns, account, scope, body, expires])?;
    Ok(true)
}

/// Pauses in force of other scopes.
fn others(tx: &Tx<'_>, ns: i64, account: &str, scope: &str) -> rusqlite::Result<i64> {
    tx.sql
        .prepare_cached(&format!(
            "SELECT count(*) FROM manual_pause WHERE {IN_FORCE} AND scope <> ?4"
        ))?
        .query_row(params![ns, account, tx.now.as_millis(), scope], |row| row.get(0))
}

/// `false` if none was in force.
pub(crate) fn clear(
    tx: &mut Tx<'_>,
    ns: i64,
    account: &str,
    scope: &str,
) -> rusqlite::Result<bool> {
    let removed = tx
        .sql
        .prepare_cached(&format!("DELETE FROM manual_pause WHERE {IN_FORCE} AND scope = ?4"))?
        .execute(params![ns, account, tx.now.as_millis(), scope])?;
    Ok(removed > 0)
}

pub(crate) fn all(
    sql: &Connection,
    ns: i64,
    account: &str,
    now: Timestamp,
) -> rusqlite::Result<Vec<String>> {
    sql.prepare_cached(&format!("SELECT body FROM manual_pause WHERE {IN_FORCE}"))?
        .query_map(params![ns, account, now.as_millis()], |row| row.get(0))?
        .collect()
}
