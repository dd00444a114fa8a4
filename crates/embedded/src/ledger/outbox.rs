use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use job::Timestamp;
use ports::{Claimed, LedgerError, OutboxEntry, OutboxId};
use rusqlite::{Connection, OptionalExtension, params};

use super::row::{OutboxRow, from_json, limit, parse_key};
use crate::column;
use crate::packed::Packed;
use crate::writer::Tx;

/// An entry as stored in its row.
pub(crate) struct RawEntry {
    seq: i64,
    id: Vec<u8>,
    key: Vec<u8>,
    destination: Vec<u8>,
    packed: Packed,
    closes: bool,
    tries: u32,
}

impl RawEntry {
    pub(crate) fn decode(self) -> Result<OutboxEntry, LedgerError> {
        let key = parse_key(&self.key)?;
        // If the id were read differently than it is stored, the entry would be published forever.
        let id = String::from_utf8(self.id).map_err(|error| LedgerError::Corrupt {
            key: key.to_string(),
            cause: format!("an outbox entry's id: {error}"),
        })?;
        Ok(OutboxEntry {
            to: from_json(&key.to_string(), &self.destination)?,
            message: self.packed.open(),
            key,
            id,
            closes: self.closes,
            tries: self.tries,
        })
    }

    fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            id: column::bytes(row, 1)?,
            key: column::bytes(row, 2)?,
            destination: column::bytes(row, 3)?,
            packed: Packed {
                props: column::lossy(row, 4)?,
                body: Bytes::from(row.get::<_, Vec<u8>>(5)?),
            },
            closes: row.get(6)?,
            tries: row.get(7)?,
        })
    }
}

/// Claimed for the lease. The same entry again is stored once.
pub(crate) fn add(
    tx: &mut Tx<'_>,
    ns: i64,
    process: i64,
    entry: &OutboxRow,
    lease: Duration,
) -> rusqlite::Result<()> {
    let holder = (!lease.is_zero()).then_some(process);
    tx.sql
        .prepare_cached(
            "INSERT INTO outbox
                 (ns, key, id, at, holder, closes, tries, destination, props, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (ns, key, id) DO UPDATE SET at = excluded.at, holder = excluded.holder",
        )?
        .execute(params![
            ns,
            entry.key,
            entry.id,
            (tx.now + lease).as_millis(),
            holder,
            entry.closes,
            entry.tries,
            entry.destination,
            entry.packed.props,
            &entry.packed.body[..]
        ])?;
    Ok(())
}

pub(crate) fn claim(
    tx: &mut Tx<'_>,
    ns: i64,
    process: i64,
    count: usize,
    lease: Duration,
) -> rusqlite::Result<Claimed<RawEntry>> {
    let items: Vec<RawEntry> = tx
        .sql
        .prepare_cached(
            "SELECT seq, id, key, destination, props, body, closes, tries FROM outbox
             WHERE ns = ?1 AND at <= ?2 ORDER BY at, seq LIMIT ?3",
        )?
        .query_map(params![ns, tx.now.as_millis(), limit(count)], RawEntry::from_row)?
        .collect::<rusqlite::Result<_>>()?;
    let claimed: HashSet<i64> = items.iter().map(|item| item.seq).collect();
    for seq in &claimed {
        tx.sql
            .prepare_cached("UPDATE outbox SET at = ?2, holder = ?3 WHERE seq = ?1")?
            .execute(params![seq, (tx.now + lease).as_millis(), process])?;
    }
    Ok(Claimed { next: next(tx.sql, ns, &claimed)?, now: tx.now, items })
}

/// The earliest due time of an entry that is not in `claimed`: one more row than those is enough.
fn next(sql: &Connection, ns: i64, claimed: &HashSet<i64>) -> rusqlite::Result<Option<Timestamp>> {
    let mut query =
        sql.prepare_cached("SELECT seq, at FROM outbox WHERE ns = ?1 ORDER BY at LIMIT ?2")?;
    let mut rows = query.query(params![ns, limit(claimed.len() + 1)])?;
    while let Some(row) = rows.next()? {
        if !claimed.contains(&row.get(0)?) {
            return Ok(Some(Timestamp::from_millis(row.get(1)?)));
        }
    }
    Ok(None)
}

/// Removes an entry. If it closes its record, retention begins, unless the record has begun another
/// round or has another closing entry.
pub(crate) fn announced(
    tx: &mut Tx<'_>,
    ns: i64,
    id: &OutboxId,
    retention: Duration,
) -> rusqlite::Result<()> {
    let key = id.key.to_string();
    let closes: Option<bool> = tx
        .sql
        .prepare_cached(
            "DELETE FROM outbox WHERE ns = ?1 AND key = ?2 AND id = ?3 RETURNING closes",
        )?
        .query_row(params![ns, key, id.id], |row| row.get(0))
        .optional()?;
    if closes == Some(true) {
        tx.sql
            .prepare_cached(
                "UPDATE record SET expires_at = ?3
                 WHERE ns = ?1 AND key = ?2 AND settled AND NOT EXISTS
                     (SELECT 1 FROM outbox WHERE ns = ?1 AND key = ?2 AND closes)",
            )?
            .execute(params![ns, key, (tx.now + retention).as_millis()])?;
    }
    Ok(())
}

pub(crate) fn postpone(
    tx: &mut Tx<'_>,
    ns: i64,
    id: &OutboxId,
    wait: Duration,
) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "UPDATE outbox SET at = ?4, holder = NULL, tries = tries + 1
             WHERE ns = ?1 AND key = ?2 AND id = ?3",
        )?
        .execute(params![ns, id.key.to_string(), id.id, (tx.now + wait).as_millis()])?;
    Ok(())
}
