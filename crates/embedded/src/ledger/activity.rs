//! Rounds that have ended.

use job::{StateKind, Timestamp};
use ports::{ENDED_KEPT, Ended};
use rusqlite::{Connection, params};

use crate::writer::Tx;

/// Counts one more, and forgets what is old when a slot begins.
pub(crate) fn count(tx: &Tx<'_>, ns: i64, ended: &Ended) -> rusqlite::Result<()> {
    let count: i64 = tx
        .sql
        .prepare_cached(
            "INSERT INTO ended (ns, slot, pool, state, count) VALUES (?1, ?2, ?3, ?4, 1)
             ON CONFLICT (ns, slot, pool, state) DO UPDATE SET count = count + 1
             RETURNING count",
        )?
        .query_row(params![ns, ended.slot.as_millis(), ended.pool, ended.state.word()], |row| {
            row.get(0)
        })?;
    if count == 1 {
        let before = (tx.now - ENDED_KEPT).as_millis();
        tx.sql
            .prepare_cached("DELETE FROM ended WHERE ns = ?1 AND slot < ?2")?
            .execute(params![ns, before])?;
    }
    Ok(())
}

pub(crate) fn since(sql: &Connection, ns: i64, since: Timestamp) -> rusqlite::Result<Vec<Ended>> {
    let mut query = sql.prepare_cached(
        "SELECT slot, pool, state, count FROM ended WHERE ns = ?1 AND slot >= ?2",
    )?;
    let rows = query.query_map(params![ns, Ended::slot_of(since).as_millis()], |row| {
        let (slot, state): (i64, String) = (row.get(0)?, row.get(2)?);
        let (slot, pool) = (Timestamp::from_millis(slot), row.get(1)?);
        let count = u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0);
        // A state that this version does not know is passed over.
        Ok(StateKind::parse(&state).map(|state| Ended { slot, pool, state, count }))
    })?;
    rows.filter_map(Result::transpose).collect()
}
