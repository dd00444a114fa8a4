//! One file a finished task has made.

use serde_json::{Map, Value};

use super::value::{first, id, index, text};

/// One file a task has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub kind: OutputKind,
    pub id: Option<String>,
    /// Place in the list, from 0 (images).
    pub index: Option<u32>,
    /// Where the file is. For audio without a plain address: the MP3, else the WAV. A file that
    /// is only to be had with a watermark stands here too.
    pub url: String,
    pub watermark_url: Option<String>,
    /// Seconds as the provider wrote them: `"5.1"`.
    pub duration_s: Option<String>,
    pub url_mp3: Option<String>,
    pub url_wav: Option<String>,
    /// The editing session (multi-elements only).
    pub session_id: Option<String>,
}

/// What kind of file an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputKind {
    Video,
    Image,
    Audio,
}

/// The keys with the URL of a file, and the kind of file that each implies. Keys for the task's own
/// file come before keys that may be a preview.
const ADDRESSES: &[(&str, Option<OutputKind>)] = &[
    ("url", None),
    ("result_url", None),
    ("resultUrl", None),
    ("output_url", None),
    ("download_url", None),
    ("downloadUrl", None),
    ("file_url", None),
    ("resource", None),
    ("resource_url", None),
    ("video_url", Some(OutputKind::Video)),
    ("videoUrl", Some(OutputKind::Video)),
    ("audio_url", Some(OutputKind::Audio)),
    ("audioUrl", Some(OutputKind::Audio)),
    ("url_mp3", Some(OutputKind::Audio)),
    ("url_wav", Some(OutputKind::Audio)),
    ("image_url", Some(OutputKind::Image)),
    ("imageUrl", Some(OutputKind::Image)),
    ("watermark_url", None),
];

/// An item that the provider lists as a result; one without an address is none.
pub(super) fn output(item: &Map<String, Value>, kind: Option<OutputKind>) -> Option<Output> {
    let fits = |of: Option<OutputKind>| kind.is_none() || of.is_none() || of == kind;
    let address_of = |(key, of): &(&str, Option<OutputKind>)| {
        let url = item.get(*key).and_then(address).filter(|_| fits(*of))?;
        Some((url, *of))
    };
    let (url, of) = ADDRESSES.iter().find_map(address_of)?;
    let read = |keys: &[&str]| first(item, keys, text);
    Some(Output {
        kind: kind.or(of).unwrap_or_else(|| guess(item, &url)),
        id: first(item, &["id", "video_id", "audio_id", "image_id"], id),
        index: first(item, &["index"], index),
        url,
        watermark_url: first(item, &["watermark_url"], address),
        duration_s: read(&["duration", "duration_mp3", "duration_wav"]),
        url_mp3: first(item, &["url_mp3"], address),
        url_wav: first(item, &["url_wav"], address),
        session_id: first(item, &["session_id"], id),
    })
}

/// An output of which nothing but the address is known.
pub(super) fn bare(url: String, kind: Option<OutputKind>) -> Output {
    Output {
        kind: kind.unwrap_or_else(|| guess(&Map::new(), &url)),
        id: None,
        index: None,
        url,
        watermark_url: None,
        duration_s: None,
        url_mp3: None,
        url_wav: None,
        session_id: None,
    }
}

/// Only what can be fetched over the network is an address.
pub(super) fn address(value: &Value) -> Option<String> {
    let url = value.as_str()?.trim();
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let head = url.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &url[scheme.len()..])
    })?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let has_host = !host.is_empty() && !host.starts_with(':');
    let is_one = has_host && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    is_one.then(|| url.to_owned())
}

/// The kind of an item whose key implies none: from `type` or `format`, else from the end of its
/// URL.
fn guess(item: &Map<String, Value>, url: &str) -> OutputKind {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit('.').next().unwrap_or_default().to_owned();
    let word = first(item, &["type", "format"], text).unwrap_or(ending).to_ascii_lowercase();
    match word.rsplit('/').next().unwrap_or_default() {
        "image" | "png" | "jpg" | "jpeg" | "webp" => OutputKind::Image,
        "audio" | "mp3" | "wav" | "m4a" | "aac" | "mpeg" => OutputKind::Audio,
        _ => OutputKind::Video,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_http_is_an_address() {
        for url in ["https://a.example/b.mp4", "HTTP://a.example", " https://a.example/x "] {
            assert_eq!(address(&json!(url)).as_deref(), Some(url.trim()));
        }
        for other in [
            "",
            "https://",
            "https:///a.mp4",
            "https://?a.mp4",
            "https://user@/a.mp4",
            "//a.example/b.mp4",
            "/files/a.mp4",
            "file:///etc/passwd",
            "data:video/mp4;base64,AA",
            "a.mp4",
            "https://a b",
        ] {
            assert_eq!(address(&json!(other)), None, "{other}");
        }
        assert_eq!(address(&json!(7)), None);
    }
}
