//! The body of a callback.

use serde_json::{Value, json};

use super::Callbacks;
use crate::ident;
use crate::settings::IdStyle;
use crate::shape::{Shape, task_object};
use crate::task::{Facts, View};

/// The body of an honest callback, as JSON text.
pub(super) fn honest(view: &View, settings: &Callbacks, base: &str, request_id: &str) -> String {
    let mut task = task_object(view, &Shape::default(), base);
    task.remove("watermark_info");
    task.insert("task_status_msg".into(), view.message().into());
    if let Some(videos) = task.get_mut("task_result").and_then(|result| result.get_mut("videos")) {
        without_watermarks(videos);
    }
    if settings.wrong_id {
        task.insert("task_id".into(), other_id(&view.facts).to_string().into());
    }
    enveloped(Value::Object(task), settings, request_id)
}

/// The body of a forged callback: the right id, a success that never was.
pub(super) fn forged(view: &View, settings: &Callbacks, base: &str, request_id: &str) -> String {
    let task = json!({
        "task_id": view.facts.id.to_string(),
        "task_status": "succeed",
        "task_status_msg": "",
        "created_at": view.created_ms(),
        "updated_at": view.updated_ms(),
        "task_result": {"videos": [{
            "id": "1",
            "url": format!("{base}/_simulator/files/forged.mp4"),
            "duration": "5",
        }]},
    });
    enveloped(task, settings, request_id)
}

fn enveloped(task: Value, settings: &Callbacks, request_id: &str) -> String {
    if settings.enveloped {
        let answer =
            json!({"code": 0, "message": "SUCCEED", "request_id": request_id, "data": task});
        return answer.to_string();
    }
    task.to_string()
}

fn without_watermarks(videos: &mut Value) {
    for video in videos.as_array_mut().into_iter().flatten() {
        if let Some(video) = video.as_object_mut() {
            video.remove("watermark_url");
        }
    }
}

/// The id the task would have had under the other style.
fn other_id(facts: &Facts) -> u64 {
    let gateway = facts.id >= ident::task_id(IdStyle::Gateway, facts.accepted_us / 1_000, 0);
    let other = if gateway { IdStyle::Native } else { IdStyle::Gateway };
    ident::task_id(other, facts.accepted_us / 1_000, facts.id)
}
