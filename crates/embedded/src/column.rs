//! Text columns of which one may be damaged: SQLite does not check that text is UTF-8, and an
//! error while a row is read would fail the whole statement.

use rusqlite::Row;

/// The text as it is, for the code that decodes this one row.
pub(crate) fn bytes(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(at)?.as_bytes()?.to_vec())
}

/// The text with a mark where it cannot be read.
pub(crate) fn lossy(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(row.get_ref(at)?.as_bytes()?).into_owned())
}
