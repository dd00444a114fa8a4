//! What a finished task has made.

use serde_json::{Map, Value};

use super::value::{first, id, index, object, text};

/// One file a task has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    pub kind: OutputKind,
    pub id: Option<String>,
    /// Place in the list, from 0 (images).
    pub index: Option<u32>,
    /// Where the file is. For audio without a plain address: the MP3, else the WAV.
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

/// Every list is read whatever the route: results of another kind have been seen.
const LISTS: &[(&str, Option<OutputKind>)] = &[
    ("videos", Some(OutputKind::Video)),
    ("images", Some(OutputKind::Image)),
    ("series_images", Some(OutputKind::Image)),
    ("audios", Some(OutputKind::Audio)),
    ("outputs", None),
];

/// The outputs of one layer; an item without an address is none.
pub(crate) fn outputs(layer: &Map<String, Value>) -> Vec<Output> {
    let result = object(layer, "task_result").unwrap_or(layer);
    let of_list = |&(key, kind): &(&str, Option<OutputKind>)| {
        let items = result.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(move |item| output(item.as_object()?, kind)).collect::<Vec<_>>()
    };
    LISTS.iter().flat_map(of_list).collect()
}

/// The single address a flat gateway answer carries.
pub(super) fn flat_output(layer: &Map<String, Value>) -> Option<Output> {
    output(layer, None).map(|output| Output { id: None, ..output })
}

fn output(item: &Map<String, Value>, kind: Option<OutputKind>) -> Option<Output> {
    let read = |keys: &[&str]| first(item, keys, text);
    let url = first(item, &["url", "url_mp3", "url_wav"], address)?;
    Some(Output {
        kind: kind.unwrap_or_else(|| guess(item, &url)),
        id: first(item, &["id", "video_id", "audio_id"], id),
        index: first(item, &["index"], index),
        url,
        watermark_url: first(item, &["watermark_url"], address),
        duration_s: read(&["duration", "duration_mp3", "duration_wav"]),
        url_mp3: first(item, &["url_mp3"], address),
        url_wav: first(item, &["url_wav"], address),
        session_id: first(item, &["session_id"], id),
    })
}

fn address(value: &Value) -> Option<String> {
    value.as_str().filter(|url| !url.trim().is_empty()).map(str::to_owned)
}

/// An item that does not say its kind: by its `type` or `format`, else by the end of its address.
fn guess(item: &Map<String, Value>, url: &str) -> OutputKind {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit('.').next().unwrap_or_default().to_owned();
    let word = first(item, &["type", "format"], text).unwrap_or(ending).to_ascii_lowercase();
    match word.as_str() {
        "image" | "png" | "jpg" | "jpeg" | "webp" => OutputKind::Image,
        "audio" | "mp3" | "wav" | "m4a" | "aac" => OutputKind::Audio,
        _ => OutputKind::Video,
    }
}
