//! Numbers in places where the tables want text.

use serde_json::{Map, Value};

use super::rule::{Field, Kind};

/// Adds each place within this object; `above` is the object's own pointer.
pub(super) fn find(
    fields: &[Field],
    object: &Map<String, Value>,
    above: &str,
    places: &mut Vec<String>,
) {
    for field in fields {
        if let Some(value) = object.get(field.name) {
            // No field's name needs escaping.
            look(&field.kind, value, format!("{above}/{}", field.name), places);
        }
    }
}

fn look(kind: &Kind, value: &Value, place: String, places: &mut Vec<String>) {
    match (kind, value) {
        (Kind::List { item, .. }, Value::Array(list)) => {
            for (index, value) in list.iter().enumerate() {
                look(item, value, format!("{place}/{index}"), places);
            }
        }
        (Kind::Object(fields), Value::Object(object)) => find(fields, object, &place, places),
        (kind, Value::Number(_)) if is_text(kind) => places.push(place),
        _ => {}
    }
}

/// A file or a link is never a number: there the complaint helps more.
fn is_text(kind: &Kind) -> bool {
    match kind {
        Kind::Text { .. } | Kind::OneOf(_) | Kind::Usually(_) | Kind::Seconds(_) => true,
        Kind::Number { .. }
        | Kind::Integer { .. }
        | Kind::Flag
        | Kind::Milliseconds
        | Kind::File(_)
        | Kind::Link
        | Kind::List { .. }
        | Kind::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Route, numbers_for_text};

    #[test]
    fn every_number_in_place_of_text_is_found() {
        let request = json!({
            "prompt": "x", "duration": 5, "cfg_scale": 0.5, "mode": "pro", "image": 7,
            "multi_prompt": [{"index": 1, "prompt": 8, "duration": "5"}, {"duration": 5.0}],
            "voice_list": [{"voice_id": 12345678901u64}], "unknown": 1,
        });
        let places = numbers_for_text(Route::VideosImage2video, request.as_object().unwrap());
        let expected = [
            "/duration",
            "/multi_prompt/0/prompt",
            "/multi_prompt/1/duration",
            "/voice_list/0/voice_id",
        ];
        assert_eq!(places, expected);
        let none = json!({"input": {"duration": "5"}, "duration": 5});
        assert!(numbers_for_text(Route::VideosEffects, none.as_object().unwrap()).is_empty());
    }
}
