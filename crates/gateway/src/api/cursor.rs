//! Where a list goes on, as a text that clients pass back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::Cursor;

pub(super) fn write(cursor: &Cursor) -> String {
    URL_SAFE_NO_PAD.encode(cursor.to_text())
}

/// `None`: it is none of ours.
pub(super) fn read(text: &str) -> Option<Cursor> {
    Cursor::parse(&String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?)
}

#[cfg(test)]
mod tests {
    use job::{JobKey, Timestamp};

    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let key = JobKey::parse("acme/a/b c").unwrap();
        let cursor = Cursor { created_at: Timestamp::from_millis(-7), key };
        assert_eq!(read(&write(&cursor)), Some(cursor));
        for other in ["", "x", "!", &URL_SAFE_NO_PAD.encode("7"), &URL_SAFE_NO_PAD.encode("x/a/b")]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
