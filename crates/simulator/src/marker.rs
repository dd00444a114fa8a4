//! Which job a request belongs to: a marker in its text, never its external id.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The keys whose strings are text for the model; they are searched first, in this order.
const TEXT_KEYS: [&str; 5] =
    ["prompt", "text", "negative_prompt", "sound_effect_prompt", "bgm_prompt"];
/// Not searched: a client may derive other values at each attempt.
const BLIND_KEYS: [&str; 2] = ["external_task_id", "callback_url"];

/// The job of a request, by its marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) name: String,
    /// False when the request carried no marker and `name` is a hash of it.
    pub(crate) explicit: bool,
}

/// The marker of a request: `[job:X]` in a text field, else `job:X` or `job=X` in any string, else
/// a hash of operation and body without external id and callback url.
pub(crate) fn of(operation: &str, body: &Value) -> Marker {
    let mut strings = Vec::new();
    collect(body, None, &mut strings);
    strings.sort_by_key(|(rank, _)| *rank);
    let text = strings.iter().filter(|(rank, _)| *rank < TEXT_KEYS.len());
    let bracketed = text.into_iter().find_map(|(_, string)| bracketed(string));
    let found = bracketed.or_else(|| strings.iter().find_map(|(_, string)| anywhere(string)));
    match found {
        Some(name) => Marker { name: name.to_owned(), explicit: true },
        None => Marker { name: canonical_hash(operation, body), explicit: false },
    }
}

/// All strings below `value` with the rank of the key they stand under.
fn collect<'a>(value: &'a Value, key: Option<&str>, found: &mut Vec<(usize, &'a str)>) {
    match value {
        Value::String(string) => found.push((rank(key), string)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            for (name, field) in fields {
                if !BLIND_KEYS.contains(&name.as_str()) {
                    collect(field, Some(name), found);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn rank(key: Option<&str>) -> usize {
    let position = key.and_then(|key| TEXT_KEYS.iter().position(|text_key| *text_key == key));
    position.unwrap_or(TEXT_KEYS.len())
}

fn bracketed(string: &str) -> Option<&str> {
    string.match_indices("[job:").find_map(|(at, start)| {
        let (name, rest) = split_name(&string[at + start.len()..]);
        (!name.is_empty() && rest.starts_with(']')).then_some(name)
    })
}

fn anywhere(string: &str) -> Option<&str> {
    string.match_indices("job").find_map(|(at, word)| {
        let rest = &string[at + word.len()..];
        let (name, _) = split_name(rest.strip_prefix([':', '='])?);
        (!name.is_empty()).then_some(name)
    })
}

fn split_name(text: &str) -> (&str, &str) {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.split_at(text.find(|c| !inside(c)).unwrap_or(text.len()))
}

fn canonical_hash(operation: &str, body: &Value) -> String {
    let mut text = format!("{operation}\n");
    write_canonical(body, true, &mut text);
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// JSON with sorted keys, so that the order in which a client writes them does not matter.
fn write_canonical(value: &Value, top: bool, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, field) in fields {
                if !(top && BLIND_KEYS.contains(&name.as_str())) {
                    text.push_str(&Value::from(name.as_str()).to_string());
                    text.push(':');
                    write_canonical(field, false, text);
                    text.push(',');
                }
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, false, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name(body: Value) -> Option<String> {
        let marker = of("videos/text2video", &body);
        marker.explicit.then_some(marker.name)
    }

    #[test]
    fn a_bracketed_marker_in_text_wins() {
        let body = json!({"image": "http://x/?job=url", "input": {"text": "hello [job:a.b-c_1]"}});
        assert_eq!(name(body).as_deref(), Some("a.b-c_1"));
        let body = json!({"prompt": "job: none [job:] [job:p1]", "negative_prompt": "[job:n1]"});
        assert_eq!(name(body).as_deref(), Some("p1"));
    }

    #[test]
    fn any_string_may_carry_it() {
        let cases = [
            json!({"image": "https://h/i.png?job=j7&x=1"}),
            json!({"prompt": "a cat", "video_url": "https://h/v?a=1&job=j7"}),
            json!({"image_list": [{"image": "aGVsbG8="}, {"image": "http://h/job:j7/x"}]}),
            json!({"multi_prompt": [{"index": 1, "prompt": "a dog [job:j7]"}]}),
        ];
        for body in cases {
            assert_eq!(name(body.clone()).as_deref(), Some("j7"), "{body}");
        }
    }

    #[test]
    fn external_id_and_callback_are_not_looked_at() {
        let body = |ext: &str, url: &str| json!({"prompt": "a cat", "external_task_id": ext, "callback_url": url});
        let one = of("videos/text2video", &body("job:1", "http://h/?job=1"));
        let two = of("videos/text2video", &body("job:2", "http://h/?job=2"));
        assert!(!one.explicit);
        assert_eq!(one, two);
        assert_ne!(one, of("images/generations", &body("job:1", "http://h/?job=1")));
        let other = json!({"prompt": "a dog"});
        assert_ne!(one, of("videos/text2video", &other));
    }

    #[test]
    fn key_order_does_not_change_the_hash() {
        let one: Value = serde_json::from_str(r#"{"prompt":"x","mode":"std"}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"mode":"std","prompt":"x"}"#).unwrap();
        assert_eq!(of("o", &one), of("o", &two));
    }
}
