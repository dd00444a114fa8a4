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
    let states = filter.states.join(",");
    // One statement for each, so that it can walk an index in the order wanted.
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
