//! Decodes the bytes of a response as JSON, and unwraps layers that relays add around or inside it.

use serde_json::{Map, Value};

use super::number;

/// How often JSON written as a text is opened.
const MAX_DEPTH: usize = 3;

/// Keys whose text may itself be JSON.
const HOLDERS: &[&str] = &[
    "data",
    "task_result",
    "result",
    "results",
    "output",
    "outputs",
    "metadata",
    "response",
    "task",
    "video",
    "videos",
    "image",
    "images",
    "audio",
    "audios",
];

/// The JSON object of an answer. A byte order mark, UTF-16 and stray bytes are no reason to lose
/// a task id.
pub(super) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let parsed = match utf16(body) {
        Some(text) => number::json(&text).ok(),
        None => number::json(&String::from_utf8_lossy(body)).ok(),
    };
    match opened(parsed?, MAX_DEPTH) {
        Value::Object(root) => Some(root),
        Value::String(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            None
        }
    }
}

/// The text of a body that begins with a UTF-16 byte order mark.
pub(crate) fn utf16(body: &[u8]) -> Option<String> {
    let unit = match body {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units: Vec<u16> = body[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

/// Replaces strings that contain JSON by that JSON, in places where only parts of the response
/// itself can be.
fn opened(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) if depth > 0 => match json(&text) {
            Some(inner) => opened(inner, depth - 1),
            None => Value::String(text),
        },
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(k, v)| part(k, v, depth)).collect())
        }
        other => other,
    }
}

fn part(key: String, value: Value, depth: usize) -> (String, Value) {
    let opens = HOLDERS.contains(&key.as_str());
    let value = if opens { opened(value, depth) } else { value };
    (key, value)
}

fn json(text: &str) -> Option<Value> {
    let text = text.trim();
    let may_be = text.starts_with(['{', '[', '"']);
    may_be.then(|| number::json(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn marks_and_stray_bytes_hide_nothing() {
        let plain = r#"{"data":{"task_id":"7"}}"#;
        let mut marked = b"\xef\xbb\xbf".to_vec();
        marked.extend_from_slice(plain.as_bytes());
        let little: Vec<u8> = "\u{feff}"
            .chars()
            .chain(plain.chars())
            .flat_map(|c| (c as u16).to_le_bytes())
            .collect();
        let big: Vec<u8> = "\u{feff}"
            .chars()
            .chain(plain.chars())
            .flat_map(|c| (c as u16).to_be_bytes())
            .collect();
        let stray = b"{\"message\":\"caf\xe9\",\"data\":{\"task_id\":\"7\"}}".to_vec();
        for body in [marked, little, big, stray] {
            assert_eq!(object(&body).expect("object")["data"], json!({"task_id": "7"}));
        }
    }

    #[test]
    fn json_in_a_text_is_opened_a_few_times() {
        let mut value = json!({"task_id": "7"});
        for _ in 0..3 {
            value = json!(value.to_string());
        }
        let body = json!({"data": value}).to_string();
        assert_eq!(object(body.as_bytes()).expect("object")["data"], json!({"task_id": "7"}));
        let prompt = json!({"prompt": "{\"a\":1}"});
        assert_eq!(object(prompt.to_string().as_bytes()).expect("object")["prompt"], "{\"a\":1}");
    }

    #[test]
    fn what_is_no_object_is_none() {
        for body in [&b""[..], b"[]", b"7", b"<html>", b"\xff\xfe\x00", b"\x1f\x8b\x08\x00"] {
            assert_eq!(object(body), None);
        }
    }
}
