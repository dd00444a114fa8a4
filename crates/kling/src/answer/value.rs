//! Readers for values whose type differs between the provider's documentation, its examples and
//! gateways.

use serde_json::{Map, Value};

/// Below this a time is in seconds, from it on in milliseconds.
const SECONDS_BELOW: f64 = 1e11;

/// Longest part of a provider's message that is kept, in characters.
const WORDS_KEPT: usize = 600;

/// A text that is not empty, or a number as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An identifier: a string, or an integer (ids exceed 2^53, so a float has already lost digits).
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_f64() => None,
        other => text(other),
    }
}

/// An empty or dotted id, in a path, would address another resource.
pub(crate) fn can_be_asked_for(id: &str) -> bool {
    !matches!(id, "" | "." | "..")
}

/// A Unix time in milliseconds, from integer, float or numeric string, in seconds or milliseconds.
pub(super) fn time_ms(value: &Value) -> Option<i64> {
    let time = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let ms = if time < SECONDS_BELOW { time * 1000.0 } else { time };
    // Up to 2^53 a float holds every millisecond exactly; nothing later is a time.
    (ms > 0.0 && ms < 9e15).then_some(ms.round() as i64)
}

/// A small count, as integer or numeric string.
pub(super) fn index(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The first of these keys whose value can be read.
pub(super) fn first<T>(
    map: &Map<String, Value>,
    keys: &[&str],
    read: impl Fn(&Value) -> Option<T>,
) -> Option<T> {
    keys.iter().find_map(|key| map.get(*key).and_then(&read))
}

/// A non-empty object under this key.
pub(super) fn object<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a Map<String, Value>> {
    map.get(key)?.as_object().filter(|object| !object.is_empty())
}

/// The beginning of a foreign message, on one line.
pub(super) fn brief(words: &str) -> String {
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(WORDS_KEPT) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_is_read_from_every_form_seen() {
        for (value, ms) in [
            (json!(1_777_385_361_501_i64), Some(1_777_385_361_501)),
            (json!("1777385361501"), Some(1_777_385_361_501)),
            (json!(1_777_385_361), Some(1_777_385_361_000)),
            (json!(1_777_385_361.25), Some(1_777_385_361_250)),
            (json!(" 1777385361 "), Some(1_777_385_361_000)),
            (json!(0), None),
            (json!(-5), None),
            (json!(1e300), None),
            (json!("NaN"), None),
            (json!("inf"), None),
            (json!(null), None),
        ] {
            assert_eq!(time_ms(&value), ms, "{value}");
        }
    }

    #[test]
    fn an_id_keeps_all_its_digits_or_is_none() {
        assert_eq!(
            id(&json!(2_032_273_942_220_931_072_u64)).as_deref(),
            Some("2032273942220931072")
        );
        assert_eq!(id(&json!("CjNQ==")).as_deref(), Some("CjNQ=="));
        assert_eq!(id(&json!(2.5)), None);
        assert_eq!(id(&json!("")), None);
    }

    #[test]
    fn long_words_are_cut_at_a_character() {
        let cut = brief(&"é".repeat(1000));
        assert_eq!(cut.chars().count(), WORDS_KEPT + 1);
        assert_eq!(brief(" a\n b "), "a b");
    }
}
