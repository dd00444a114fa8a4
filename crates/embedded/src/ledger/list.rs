use job::Timestamp;
use ports::ListFilter;
use rusqlite::{Connection, params};

use super::row::limit;

/// Keys and bodies, newest first by creation.
pub(crate) fn newest(
    sql: &Connection,
    ns: i64,
    filter: &ListFilter,
    now: Timestamp,
) -> rusqlite::Result<Vec<(String, String)>> {
    let tenant = filter.tenant.as_ref().map(ToString::to_string);
    let statement = match filter.state {
        // Two statements, so that each can walk an index in the order wanted.
        Some(_) => {
            "SELECT key, body FROM record
             WHERE ns = ?1 AND state = ?4 AND (expires_at IS NULL OR expires_at > ?2)
                 AND (?3 IS NULL OR tenant = ?3)
             ORDER BY created_at DESC, id DESC LIMIT ?5"
        }
        None => {
            "SELECT key, body FROM record
             WHERE ns = ?1 AND ?4 IS NULL AND (expires_at IS NULL OR expires_at > ?2)
                 AND (?3 IS NULL OR tenant = ?3)
             ORDER BY created_at DESC, id DESC LIMIT ?5"
        }
    };
    sql.prepare_cached(statement)?
        .query_map(
            params![ns, now.as_millis(), tenant, filter.state, limit(filter.limit)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect()
}
