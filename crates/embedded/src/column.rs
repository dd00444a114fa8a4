//! Text columns that may be damaged: SQLite does not check UTF-8, and an error in one row would
//! fail the whole statement.

use rusqlite::Row;

/// The text as stored, for code that decodes only this row.
pub(crate) fn bytes(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(at)?.as_bytes()?.to_vec())
}

/// The text with replacement characters where it is not UTF-8.
pub(crate) fn lossy(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(row.get_ref(at)?.as_bytes()?).into_owned())
}
