//! `--set FIELD=@FILE`: a value that is read from a file.

use std::fs::File;
use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use job::MAX_MESSAGE_BYTES;
use kling::{Content, FieldForm};

use crate::error::Error;

/// As Base64, a larger one would not fit into a message.
const MOST: u64 = (MAX_MESSAGE_BYTES / 4 * 3) as u64;

/// The value of a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// A string.
    Text(String),
    /// JSON if it can be read as such, else a string.
    Json(String),
}

/// The value as it was written or, after an `@`, as it is in the file.
pub(super) fn value(forms: &[FieldForm], field: &str, text: &str) -> Result<Given, Error> {
    match text.strip_prefix('@') {
        None => Ok(Given::Json(text.to_owned())),
        Some(literal) if literal.starts_with('@') => Ok(Given::Text(literal.to_owned())),
        Some(path) => {
            let known = forms.iter().find(|form| form.name == field);
            let content = known.map_or(Content::Json, |form| form.content);
            let wrong = |why: String| Error::Usage(format!("{field}: {path}: {why}"));
            let bytes = read(path).map_err(|error| wrong(error.to_string()))?;
            of_bytes(content, bytes).map_err(wrong)
        }
    }
}

/// No more is in memory than could be sent, and one byte.
fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn of_bytes(content: Content, bytes: Vec<u8>) -> Result<Given, String> {
    match bytes.len() {
        0 => return Err("is empty".to_owned()),
        size if size as u64 > MOST => {
            return Err(format!(
                "has more than {MOST} bytes, which do not fit into a message: send a URL"
            ));
        }
        _ => {}
    }
    if content == Content::File {
        return Ok(Given::Text(STANDARD.encode(bytes)));
    }
    let text = String::from_utf8(bytes).map_err(|_| "is no text in UTF-8".to_owned())?;
    // The end of the last line is the editor's.
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
    Ok(if content == Content::Text { Given::Text(text) } else { Given::Json(text) })
}

#[cfg(test)]
mod tests {
    use kling::{Route, fields};

    use super::*;

    fn given(field: &str, text: &str) -> Result<Given, String> {
        value(&fields(Route::VideosImage2video), field, text).map_err(|error| error.to_string())
    }

    fn text(text: &str) -> Given {
        Given::Text(text.to_owned())
    }

    #[test]
    fn a_file_becomes_what_its_field_holds() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            format!("@{}", path.display())
        };
        let image = file("cat.png", b"\x89PNG\r\n\x1a\n");
        assert_eq!(given("image", &image), Ok(text("iVBORw0KGgo=")));
        let notes = file("notes.txt", "\"ein Café\"\nam Meer\r\n".as_bytes());
        assert_eq!(given("prompt", &notes), Ok(text("\"ein Café\"\nam Meer")));
        let seed = file("seed", b"12345678901234567890123\n");
        let digits = "12345678901234567890123".to_owned();
        assert_eq!(given("seed", &seed), Ok(Given::Json(digits)));
        assert!(given("prompt", &image).unwrap_err().ends_with("cat.png: is no text in UTF-8"));
        assert!(given("image", &file("none", b"")).unwrap_err().ends_with("none: is empty"));
    }

    #[test]
    fn a_value_without_a_file_is_taken_as_it_is() {
        assert_eq!(given("prompt", "a@b"), Ok(Given::Json("a@b".to_owned())));
        assert_eq!(given("prompt", "@@alice dances"), Ok(text("@alice dances")));
        assert_eq!(given("prompt", "@@@x"), Ok(text("@@x")));
        let missing = given("image", "@/nowhere/cat.png").unwrap_err();
        assert!(missing.starts_with("image: /nowhere/cat.png: No such file"), "{missing}");
    }

    #[test]
    fn a_file_that_fits_into_no_message_is_refused() {
        let size = |bytes: u64| of_bytes(Content::File, vec![0; bytes as usize]);
        assert!(size(MOST).is_ok());
        assert!(size(MOST + 1).unwrap_err().ends_with("send a URL"));
    }
}
