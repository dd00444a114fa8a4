//! Kling's task object: the `data` of a native answer, and the body of a callback.

use serde_json::{Map, Value, json};

use super::{PendingResult, Shape, TaskInfo};
use crate::operation::Output;
use crate::price::usd;
use crate::task::{Ending, Facts, Status, View};

/// The task as a query shows it. `base` is the URL of the result files.
pub(crate) fn task_object(view: &View, shape: &Shape, base: &str) -> Map<String, Value> {
    let mut object = start(view, shape);
    let ended = view.status.is_terminal();
    match (shape.task_info, ended) {
        (TaskInfo::Null, false) => _ = object.insert("task_status_msg".into(), Value::Null),
        (_, true) => _ = object.insert("task_status_msg".into(), view.message().into()),
        (_, false) => {}
    }
    if view.status == Status::Succeed {
        object.insert("task_result".into(), result(&view.facts, base));
        let charge = view.facts.charge;
        let usd = usd(charge.micro_usd).to_string();
        object.insert("final_unit_deduction".into(), charge.units_text().into());
        object.insert("final_balance_deduction".into(), json!({"quota": usd, "list_price": usd}));
    } else {
        match shape.pending_result {
            PendingResult::Empty => _ = object.insert("task_result".into(), json!({})),
            PendingResult::Null => _ = object.insert("task_result".into(), Value::Null),
            PendingResult::Absent => {}
        }
    }
    if let Some(enabled) = view.facts.wish.watermark {
        object.insert("watermark_info".into(), json!({"enabled": enabled}));
    }
    object
}

/// The common part of the responses to a create and a query.
pub(super) fn start(view: &View, shape: &Shape) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("task_id".into(), view.facts.id.to_string().into());
    object.insert("task_status".into(), view.status.word().into());
    match shape.task_info {
        TaskInfo::Full => _ = object.insert("task_info".into(), task_info(&view.facts)),
        TaskInfo::Empty => _ = object.insert("task_info".into(), json!({})),
        TaskInfo::Null => _ = object.insert("task_info".into(), Value::Null),
        TaskInfo::Absent => {}
    }
    object.insert("created_at".into(), view.created_ms().into());
    object.insert("updated_at".into(), view.updated_ms().into());
    object
}

fn task_info(facts: &Facts) -> Value {
    let mut info = Map::new();
    if let Some(parent) = &facts.wish.parent_video {
        let is_url = parent.contains("://");
        let (id, url) = if is_url { ("", parent.as_str()) } else { (parent.as_str(), "") };
        info.insert("parent_video".into(), json!({"id": id, "url": url, "duration": "5.0"}));
    }
    if let Some(external_id) = &facts.external_id {
        info.insert("external_task_id".into(), external_id.as_str().into());
    }
    Value::Object(info)
}

fn result(facts: &Facts, base: &str) -> Value {
    let videos = || Value::from(vec![video(facts, base)]);
    let audios = || Value::from(vec![audio(facts, base)]);
    match facts.operation.output() {
        Output::Videos => json!({"videos": videos()}),
        Output::Images => {
            let images: Vec<Value> =
                (0..facts.wish.pictures).map(|n| image(facts, base, n)).collect();
            json!({"images": images})
        }
        Output::Audios => json!({"audios": audios()}),
        Output::VideosAndAudios => json!({"videos": videos(), "audios": audios()}),
    }
}

fn video(facts: &Facts, base: &str) -> Value {
    let mut item = Map::new();
    item.insert("id".into(), (facts.id + 1).to_string().into());
    item.insert("url".into(), url(facts, base, "", "mp4"));
    if facts.wish.watermark == Some(true) {
        item.insert("watermark_url".into(), url(facts, base, "-watermark", "mp4"));
    }
    item.insert("duration".into(), format!("{}.1", facts.wish.seconds).into());
    if let Some(session_id) = &facts.wish.session_id {
        item.insert("session_id".into(), session_id.as_str().into());
    }
    Value::Object(item)
}

fn image(facts: &Facts, base: &str, index: u32) -> Value {
    json!({"index": index, "url": url(facts, base, &format!("-{index}"), "png")})
}

fn audio(facts: &Facts, base: &str) -> Value {
    let duration = format!("{}.0", facts.wish.seconds);
    json!({
        "id": (facts.id + 2).to_string(),
        "url_mp3": url(facts, base, "", "mp3"),
        "url_wav": url(facts, base, "", "wav"),
        "duration_mp3": duration,
        "duration_wav": duration,
    })
}

/// The address of a result file; empty when the task is to succeed without one.
pub(super) fn url(facts: &Facts, base: &str, part: &str, kind: &str) -> Value {
    if facts.ending == Ending::SucceedWithoutUrl {
        return Value::from("");
    }
    format!("{base}/_simulator/files/{}{part}.{kind}", facts.id).into()
}

/// The address of the first result file.
pub(super) fn first_url(facts: &Facts, base: &str) -> Value {
    match facts.operation.output() {
        Output::Videos | Output::VideosAndAudios => url(facts, base, "", "mp4"),
        Output::Images => url(facts, base, "-0", "png"),
        Output::Audios => url(facts, base, "", "mp3"),
    }
}
