//! Files given inline or by address.

use super::Validation;

/// What kind of file a field holds; it decides the size limit of an inline one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Image,
    Audio,
}

impl Medium {
    /// Bytes after decoding. Source: Kling API reference, image and audio input.
    fn limit_bytes(self) -> usize {
        match self {
            Self::Image => 10 * 1024 * 1024,
            Self::Audio => 5 * 1024 * 1024,
        }
    }
}

/// An http(s) address, or Base64 without a `data:` head.
pub(super) fn file(medium: Medium, text: &str, path: &str, found: &mut Validation) {
    let text = text.trim();
    if text.is_empty() {
        return found.error(path, "is empty: give a URL or Base64, or leave the field out");
    }
    if is_http(text) {
        return;
    }
    let head = text.get(..5).unwrap_or_default();
    if head.eq_ignore_ascii_case("data:") {
        found.error(
            path,
            "begins with \"data:\": send the Base64 alone, without all up to \"base64,\"",
        );
    } else if !text.bytes().all(is_base64) {
        found.error(path, format!("is neither an http(s) URL nor Base64: {:?}", shown(text)));
    } else if text.len() / 4 * 3 > medium.limit_bytes() {
        let (size, limit) = (text.len() / 4 * 3, medium.limit_bytes());
        found.error(path, format!("has about {size} bytes, the limit is {limit}: send a URL"));
    }
}

/// An http(s) address.
pub(super) fn link(text: &str, path: &str, found: &mut Validation) {
    if !is_http(text) {
        found.error(path, format!("must be an http(s) URL, is {:?}", shown(text)));
    }
}

/// The beginning of a value, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    let mut start: String = text.chars().take(40).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

fn is_http(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| {
        let head = text.get(..scheme.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(scheme) && text.len() > scheme.len()
    })
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=-_\r\n".contains(&byte)
}
