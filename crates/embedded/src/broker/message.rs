use rusqlite::{Connection, params};

use crate::packed::Packed;

/// Stores a message that is in no queue yet.
pub(crate) fn insert(sql: &Connection, key: &str, packed: &Packed) -> rusqlite::Result<i64> {
    sql.prepare_cached("INSERT INTO message (routing_key, props, body) VALUES (?1, ?2, ?3)")?
        .execute(params![key, packed.props, &packed.body[..]])?;
    Ok(sql.last_insert_rowid())
}
