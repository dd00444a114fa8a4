use std::time::Duration;

use job::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::writer::Tx;

/// The one that the job has now: this one, unless it has one that counts and has not expired.
pub(crate) fn accept(
    tx: &mut Tx<'_>,
    ns: i64,
    key: &str,
    body: &str,
    since: Timestamp,
    keep_for: Duration,
) -> rusqlite::Result<String> {
    let (now, expires) = (tx.now.as_millis(), (tx.now + keep_for).as_millis());
    tx.sql
        .prepare_cached(
            "INSERT INTO acceptance (ns, key, body, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (ns, key)
             DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at
             WHERE expires_at <= ?5 OR json_extract(body, '$.accepted_at') < ?6",
        )?
        .execute(params![ns, key, body, expires, now, since.as_millis()])?;
    Ok(of(tx.sql, ns, key, tx.now)?.unwrap_or_else(|| body.to_owned()))
}

pub(crate) fn of(
    sql: &Connection,
    ns: i64,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<String>> {
    sql.prepare_cached(
        "SELECT body FROM acceptance WHERE ns = ?1 AND key = ?2 AND expires_at > ?3",
    )?
    .query_row(params![ns, key, now.as_millis()], |row| row.get(0))
    .optional()
}

/// Nothing changes if the job has another one.
pub(crate) fn replace(
    tx: &mut Tx<'_>,
    ns: i64,
    key: &str,
    body: &str,
    with: &str,
) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached("UPDATE acceptance SET body = ?4 WHERE ns = ?1 AND key = ?2 AND body = ?3")?
        .execute(params![ns, key, body, with])?;
    Ok(())
}
