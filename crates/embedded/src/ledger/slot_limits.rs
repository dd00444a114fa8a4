//! How many slots of a pool are used.

use job::{SlotLimit, Timestamp};
use ports::Limits;
use rusqlite::{Connection, OptionalExtension, params};

use crate::writer::Tx;

/// `false`: another version is stored.
pub(crate) fn change(
    tx: &mut Tx<'_>,
    ns: i64,
    pool: &str,
    limit: &SlotLimit,
    body: &str,
    version: u64,
) -> rusqlite::Result<bool> {
    let (before, present) = stored(tx.sql, ns, pool)?;
    if present != version {
        return Ok(false);
    }
    tx.sql
        .prepare_cached(
            "INSERT INTO slot_limit (ns, pool, version, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (ns, pool) DO UPDATE SET version = excluded.version, body = excluded.body",
        )?
        .execute(params![ns, pool, version + 1, body])?;
    tx.touched.slots |= before.is_none_or(|before| limit.allows_more_than(&before));
    Ok(true)
}

/// What applies now.
pub(super) struct Now {
    pub(super) limits: Limits,
    /// The pool is paused.
    pub(super) paused_until: Option<Timestamp>,
}

impl Now {
    pub(super) fn of(tx: &Tx<'_>, ns: i64, pool: &str, limits: &Limits) -> rusqlite::Result<Self> {
        if limits.concurrency == 0 {
            return Ok(Self { limits: *limits, paused_until: None });
        }
        let (limit, _) = stored(tx.sql, ns, pool)?;
        let concurrency = limits.now(limit.as_ref());
        let paused = limit.filter(|limit| limit.is_paused(tx.now)).map(|limit| limit.paused_until);
        Ok(Self { limits: Limits { concurrency, ..*limits }, paused_until: paused })
    }
}

/// And its version. One that cannot be read is found anew.
pub(crate) fn stored(
    sql: &Connection,
    ns: i64,
    pool: &str,
) -> rusqlite::Result<(Option<SlotLimit>, u64)> {
    let row: Option<(String, u64)> = sql
        .prepare_cached("SELECT body, version FROM slot_limit WHERE ns = ?1 AND pool = ?2")?
        .query_row(params![ns, pool], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.map_or((None, 0), |(body, version)| (serde_json::from_str(&body).ok(), version)))
}
