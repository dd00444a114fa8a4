use job::Timestamp;
use ports::ListFilter;
use rusqlite::{Connection, params};

use super::row::limit;
use crate::column;

/// Keys and bodies, newest first by creation.
pub(crate) fn newest(
    sql: &Connection,
    ns: i64,
    filter: &ListFilter,
    now: Timestamp,
) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let tenant = filter.tenant.as_ref().map(ToString::to_string);
    let states = words(filter);
    // One statement for each case, so that SQLite can read an index in this order.
    let statement = match filter.states.len() {
        1 => {
            "SELECT key, body FROM record
             WHERE ns = ?1 AND state = ?4 AND (expires_at IS NULL OR expires_at > ?2)
                 AND (?3 IS NULL OR tenant = ?3)
             ORDER BY created_at DESC, id DESC LIMIT ?5"
        }
        0 => {
            "SELECT key, body FROM record
             WHERE ns = ?1 AND ?4 = '' AND (expires_at IS NULL OR expires_at > ?2)
                 AND (?3 IS NULL OR tenant = ?3)
             ORDER BY created_at DESC, id DESC LIMIT ?5"
        }
        _ => {
            "SELECT key, body FROM record
             WHERE ns = ?1 AND instr(',' || ?4 || ',', ',' || state || ',') > 0
                 AND (expires_at IS NULL OR expires_at > ?2) AND (?3 IS NULL OR tenant = ?3)
             ORDER BY created_at DESC, id DESC LIMIT ?5"
        }
    };
    sql.prepare_cached(statement)?
        .query_map(params![ns, now.as_millis(), tenant, states, limit(filter.limit)], |row| {
            Ok((column::lossy(row, 0)?, column::bytes(row, 1)?))
        })?
        .collect()
}

/// As in the column `state`.
fn words(filter: &ListFilter) -> String {
    let words: Vec<&str> = filter.states.iter().map(|state| state.word()).collect();
    words.join(",")
}

/// Limits of one read: rows, and about how many bytes.
const PAGE: i64 = 256;
const PAGE_BYTES: usize = 1024 * 1024;

pub(crate) struct Listed {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
}

/// The next records by id: at least one, if there is one. The plus signs keep SQLite from using an
/// index, because it would then sort all bodies in memory.
pub(crate) fn page(
    sql: &Connection,
    ns: i64,
    filter: &ListFilter,
    now: Timestamp,
    after: i64,
) -> rusqlite::Result<Vec<Listed>> {
    let tenant = filter.tenant.as_ref().map(ToString::to_string);
    let states = words(filter);
    let mut query = sql.prepare_cached(
        "SELECT id, key, body FROM record
         WHERE id > ?5 AND +ns = ?1 AND (+expires_at IS NULL OR +expires_at > ?2)
             AND (?3 IS NULL OR tenant = ?3)
             AND (?4 = '' OR instr(',' || ?4 || ',', ',' || state || ',') > 0)
         ORDER BY id LIMIT ?6",
    )?;
    let mut rows = query.query(params![ns, now.as_millis(), tenant, states, after, PAGE])?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let body = column::bytes(row, 2)?;
        bytes += body.len();
        found.push(Listed { id: row.get(0)?, key: column::lossy(row, 1)?, body });
    }
    Ok(found)
}
