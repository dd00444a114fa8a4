//! Files that a finished task lists and that no address leads to, such as inline data.

use serde_json::{Map, Value};

use super::output::{Output, address};
use super::results::{HOLDERS, LISTS, MAX_DEPTH, NAMED};

/// The number of files without an address, beside those that were found.
pub(super) fn left_out(layers: &[&Map<String, Value>], found: &[Output]) -> usize {
    // Without any, the whole answer counts as unread.
    if found.is_empty() {
        return 0;
    }
    // Layers hold each other, so the outermost has seen all.
    layers.iter().map(|layer| of_object(layer, MAX_DEPTH)).max().unwrap_or_default()
}

fn of_object(map: &Map<String, Value>, depth: usize) -> usize {
    let documented = map.get("task_result").and_then(Value::as_object).map(of_documented);
    let others = map.iter().filter(|(key, _)| *key != "task_result" && may_hold(key));
    documented.unwrap_or(0) + others.map(|(_, value)| of_any(value, depth)).sum::<usize>()
}

/// Under `task_result`, which holds nothing else.
fn of_documented(result: &Map<String, Value>) -> usize {
    let lists = LISTS.iter().filter_map(|(key, _)| result.get(*key)?.as_array());
    lists.flatten().filter(|item| !item.is_null() && !leads_anywhere(item, MAX_DEPTH)).count()
}

fn may_hold(key: &str) -> bool {
    let named = NAMED.iter().any(|(name, _)| *name == key);
    named || HOLDERS.contains(&key) || ["data", "metadata"].contains(&key)
}

fn of_any(value: &Value, depth: usize) -> usize {
    match value {
        Value::Array(items) if depth > 0 => items.iter().map(|item| of_item(item, depth - 1)).sum(),
        Value::Object(map) if depth > 0 => of_object(map, depth - 1),
        _ => 0,
    }
}

/// What else stands in a list may be no file at all, so only what surely is one counts.
fn of_item(item: &Value, depth: usize) -> usize {
    match is_inline(item) && !leads_anywhere(item, MAX_DEPTH) {
        true => 1,
        false => of_any(item, depth),
    }
}

/// Keys of a file's own bytes.
const INLINE: &[&str] = &["b64_json", "b64", "base64", "image_base64", "video_base64"];

fn is_inline(item: &Value) -> bool {
    let is_data = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("data:"));
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    match item {
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| is_data(value) || INLINE.contains(&&**key) && filled(value)),
        other => is_data(other),
    }
}

fn leads_anywhere(value: &Value, depth: usize) -> bool {
    match value {
        Value::String(_) => address(value).is_some(),
        Value::Array(items) if depth > 0 => {
            items.iter().any(|item| leads_anywhere(item, depth - 1))
        }
        Value::Object(map) if depth > 0 => map.values().any(|item| leads_anywhere(item, depth - 1)),
        _ => false,
    }
}
