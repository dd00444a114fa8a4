//! Which earlier tasks a request builds on.

use serde_json::{Map, Value};

/// Fields that name a task, or a file of one: `videos/lip-sync` has `input.task_id` and
/// `input.video_id`, `videos/advanced-lip-sync` has `face_choose[].audio_id`, `videos/video-extend`
/// and `audio/video-to-audio` have `video_id`, `videos/avatar/image2video` has `audio_id`. Gateways
/// add a `task_id` or an `origin_task_id` beside them.
const FIELDS: [&str; 4] = ["task_id", "origin_task_id", "video_id", "audio_id"];

/// A request names few; a body could name any number.
const MOST: usize = 16;

/// The ids of earlier tasks, and of their files, that a request names: only the account that has
/// them can do it. Fields are found wherever they are, since unknown ones are passed on too.
///
/// Not found: the `session_id` of `videos/advanced-lip-sync` and `videos/multi-elements`. Sessions
/// are made by requests that are no tasks, so nothing tells whose they are. The same is true of
/// elements and voices that were made by hand.
pub fn parents(request: &Map<String, Value>) -> Vec<&str> {
    let mut found = Vec::new();
    in_object(request, &mut found);
    found
}

fn in_object<'a>(object: &'a Map<String, Value>, found: &mut Vec<&'a str>) {
    for (field, value) in object {
        match value {
            Value::String(id) if FIELDS.contains(&field.as_str()) => add(id, found),
            value => in_value(value, found),
        }
    }
}

fn in_value<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => in_object(object, found),
        Value::Array(list) => list.iter().for_each(|value| in_value(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn add<'a>(id: &'a str, found: &mut Vec<&'a str>) {
    if !id.is_empty() && !found.contains(&id) && found.len() < MOST {
        found.push(id);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(request: &Value) -> Vec<&str> {
        parents(request.as_object().expect("an object"))
    }

    #[test]
    fn each_operation_that_builds_on_a_task_names_it() {
        let table = [
            (
                "videos/lip-sync",
                json!({"input": {"task_id": "1", "video_id": "2"}}),
                &["1", "2"][..],
            ),
            (
                "videos/advanced-lip-sync",
                json!({"session_id": "s", "face_choose": [{"face_id": "0", "audio_id": "3"},
                    {"face_id": "1", "sound_file": "AAAA"}]}),
                &["3"],
            ),
            ("videos/multi-elements", json!({"session_id": "s", "prompt": "x"}), &[]),
            ("videos/video-extend", json!({"video_id": "4", "prompt": "5"}), &["4"]),
            ("videos/avatar/image2video", json!({"image": "6", "audio_id": "7"}), &["7"]),
            ("audio/video-to-audio", json!({"video_id": "8"}), &["8"]),
            ("audio/video-to-audio", json!({"video_url": "https://x/8.mp4"}), &[]),
            ("videos/effects", json!({"input": {"origin_task_id": "9"}}), &["9"]),
            ("videos/text2video", json!({"prompt": "video_id", "external_task_id": "b"}), &[]),
        ];
        for (operation, request, expected) in &table {
            assert_eq!(of(request), *expected, "{operation}");
        }
    }

    #[test]
    fn what_names_nothing_or_the_same_again_is_left_out_and_few_are_found() {
        for nothing in [json!({"video_id": ""}), json!({"video_id": null}), json!({"task_id": 7})] {
            assert!(of(&nothing).is_empty(), "{nothing}");
        }
        assert_eq!(of(&json!({"task_id": "1", "video_id": "1"})), ["1"]);
        let faces: Vec<Value> = (0..20).map(|n| json!({"audio_id": n.to_string()})).collect();
        assert_eq!(of(&json!({"face_choose": faces})).len(), MOST);
    }
}
