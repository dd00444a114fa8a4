//! A request as interfaces may show it.

mod inline;
mod url;

use std::borrow::Cow;

use crate::{JsonObject, Request};

/// As JSON, in bytes.
const MOST: usize = 16 * 1024;

/// A request without inline files and without what gives access to a URL.
#[derive(Clone, Debug, PartialEq)]
pub struct RedactedRequest {
    /// At most 16 KiB of JSON. Numbers keep their digits.
    pub fields: JsonObject,
    /// The end of a text, or fields, are left out because there was no more room.
    pub cut: bool,
}

impl Request {
    /// For display. Inline files are replaced with their sizes; of URLs, user information and signed
    /// queries are masked.
    pub fn redacted(&self) -> RedactedRequest {
        let (fields, cut) = self.json().fit(MOST, redacted);
        RedactedRequest { fields, cut }
    }
}

fn redacted(text: &str) -> Cow<'_, str> {
    match inline::bytes(text) {
        Some(bytes) => Cow::Owned(format!("<inline data: {bytes} bytes>")),
        None => url::masked(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(request: &str) -> RedactedRequest {
        Request::new(JsonObject::read(request).unwrap()).redacted()
    }

    #[test]
    fn a_request_is_shown_without_files_and_secrets_at_any_depth() {
        let file = "iVBORw0KGgo".repeat(40);
        let request = format!(
            r#"{{"prompt":"a cat","seed":12345678901234567890123,"image":"{file}",
               "image_list":[{{"image":"data:image/png;base64,AAAA"}},{{"image":"https://me:pw@host/a.png?sig=x"}}]}}"#
        );
        let expected = r#"{"image":"<inline data: 330 bytes>","image_list":[{"image":"<inline data: 3 bytes>"},{"image":"https://***@host/a.png?***"}],"prompt":"a cat","seed":12345678901234567890123}"#;
        let shown = shown(&request);
        assert_eq!(serde_json::to_string(&shown.fields).unwrap(), expected);
        assert!(!shown.cut);
    }

    #[test]
    fn no_more_than_16_kib_are_shown() {
        let long = "a word ".repeat(10_000);
        let request = format!(r#"{{"a":1,"prompt":"{long}","z":"{long}"}}"#);
        let shown = shown(&request);
        let text = serde_json::to_string(&shown.fields).unwrap();
        assert!(shown.cut && text.len() <= MOST && text.len() > MOST - 8, "{}", text.len());
        assert!(
            text.starts_with(r#"{"a":1,"prompt":"a word "#) && text.ends_with("…\"}"),
            "{text}"
        );
    }

    #[test]
    fn a_long_prompt_is_whole() {
        let prompt = "ein Satz über 猫 ".repeat(500);
        let shown = shown(&format!(r#"{{"prompt":"{prompt}"}}"#));
        assert_eq!((shown.fields["prompt"].as_str(), shown.cut), (Some(prompt.as_str()), false));
    }
}
