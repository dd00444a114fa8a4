//! Lists of records: pages of the newest from an index, and all of them in portions.

use std::cmp::Reverse;

use job::{JobKey, StateKind, Timestamp};
use ports::{Cursor, ListFilter};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row::limit;
use crate::column;

/// Where a record is in a list.
pub(crate) struct Place {
    id: i64,
    created_at: i64,
    pub(crate) key: String,
}

impl Place {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, created_at: row.get(1)?, key: column::lossy(row, 2)? })
    }

    /// `None` if its key cannot be read.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        let created_at = Timestamp::from_millis(self.created_at);
        Some(Cursor { created_at, key: JobKey::parse(&self.key)? })
    }
}

/// The next records of a list, at most `count`, by states, tenant and time: an index has them in
/// this order.
fn places(
    sql: &Connection,
    (ns, now): (i64, Timestamp),
    filter: &ListFilter,
    after: Option<&Cursor>,
    count: usize,
) -> rusqlite::Result<Vec<Place>> {
    let mut found = Vec::new();
    for (condition, tenant, state) in sources(filter) {
        let statement = format!(
            "SELECT id, created_at, key FROM record
             WHERE ns = ?1 AND (expires_at IS NULL OR expires_at > ?2) AND created_at >= ?3
                 AND (created_at, key) < (?4, ?5) AND {condition}
             ORDER BY created_at DESC, key DESC LIMIT ?6"
        );
        let since = filter.since.map_or(i64::MIN, Timestamp::as_millis);
        let (before, key) = after.map_or((i64::MAX, String::new()), |at| {
            (at.created_at.as_millis(), at.key.to_string())
        });
        let of = params![ns, now.as_millis(), since, before, key, limit(count), tenant, state];
        let mut query = sql.prepare_cached(&statement)?;
        let places = query.query_map(of, Place::from_row)?;
        found.extend(places.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    found.sort_by_cached_key(|place| Reverse((place.created_at, place.key.clone())));
    found.truncate(count);
    Ok(found)
}

/// A condition for each part of an index that has such records, with its tenant and state.
fn sources(filter: &ListFilter) -> Vec<(&'static str, Option<String>, Option<&'static str>)> {
    let tenant = filter.tenant.as_ref().map(ToString::to_string);
    let (condition, states) = match (&tenant, filter.states.as_slice()) {
        (None, []) => return vec![("?7 IS NULL AND ?8 IS NULL", None, None)],
        (None, states) => ("?7 IS NULL AND state = ?8", states),
        (Some(_), []) => ("tenant = ?7 AND state = ?8", &StateKind::ALL[..]),
        (Some(_), states) => ("tenant = ?7 AND state = ?8", states),
    };
    states.iter().map(|state| (condition, tenant.clone(), Some(state.word()))).collect()
}

/// Records of a list, in its order.
pub(crate) struct Next {
    pub(crate) records: Vec<(Place, Option<Vec<u8>>)>,
    /// There are no more.
    pub(crate) is_last: bool,
}

/// At most `count`, and fewer if they are large.
pub(crate) fn next(
    sql: &Connection,
    of: (i64, Timestamp),
    filter: &ListFilter,
    after: Option<&Cursor>,
    count: usize,
) -> rusqlite::Result<Next> {
    let places = places(sql, of, filter, after, count)?;
    let (found, mut records, mut bytes) = (places.len(), Vec::new(), 0);
    for place in places {
        if bytes > PAGE_BYTES {
            break;
        }
        let body = body(sql, &place)?;
        bytes += body.as_ref().map_or(0, Vec::len);
        records.push((place, body));
    }
    let is_last = found < count && records.len() == found;
    Ok(Next { records, is_last })
}

/// The body of a record, if it is still there.
fn body(sql: &Connection, place: &Place) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut query = sql.prepare_cached("SELECT body FROM record WHERE id = ?1")?;
    query.query_row([place.id], |row| column::bytes(row, 0)).optional()
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

/// The next records by id, in any order: at least one, if there is one. The plus signs keep SQLite from using an
/// index, because it would then sort all bodies in memory.
pub(crate) fn portion(
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
