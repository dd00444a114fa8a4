//! Responses to a query.

use serde_json::{Value, json};

use super::create::native;
use super::task::{first_url, task_object};
use super::{QueryShape, Shape};
use crate::task::{Status, View};

/// The answer that shows one task.
pub(crate) fn found(view: &View, shape: &Shape, base: &str, request_id: &str) -> Value {
    let task = Value::Object(task_object(view, shape, base));
    let id = Some(view.facts.id);
    match shape.query {
        QueryShape::Native => native(task, shape, request_id, id),
        QueryShape::Bare => task,
        QueryShape::Double => wrapped(view, task),
        QueryShape::Triple => wrapped(view, native(task, shape, request_id, id)),
        QueryShape::Flat => flat(view, base),
    }
}

/// Kling's list: `data` is an array of tasks.
pub(crate) fn listed(views: &[View], shape: &Shape, base: &str, request_id: &str) -> Value {
    let tasks: Vec<Value> =
        views.iter().map(|view| Value::Object(task_object(view, shape, base))).collect();
    native(Value::Array(tasks), shape, request_id, None)
}

/// The gateway's own task around `inner`; its times are in seconds.
fn wrapped(view: &View, inner: Value) -> Value {
    let (status, progress) = match view.status {
        Status::Submitted => ("SUBMITTED", "0%"),
        Status::Processing => ("IN_PROGRESS", "50%"),
        Status::Succeed => ("SUCCESS", "100%"),
        Status::Failed => ("FAILURE", "100%"),
    };
    let ended = view.status.is_terminal();
    let submitted = view.facts.accepted_us / 1_000_000;
    let started =
        if view.status == Status::Submitted { 0 } else { view.facts.processing_us / 1_000_000 };
    json!({
        "code": "success",
        "message": "",
        "data": {
            "task_id": view.facts.id.to_string(),
            "action": "generate",
            "status": status,
            "fail_reason": view.message(),
            "submit_time": submitted,
            "start_time": started,
            "finish_time": if ended { view.updated_ms() / 1_000 } else { 0 },
            "progress": progress,
            "data": inner,
        },
    })
}

fn flat(view: &View, base: &str) -> Value {
    let status = match view.status {
        Status::Submitted => "queued",
        Status::Processing => "processing",
        Status::Succeed => "succeeded",
        Status::Failed => "failed",
    };
    let error = match view.status {
        Status::Failed => json!({"message": view.message(), "code": "task_failed"}),
        _ => Value::Null,
    };
    let url = match view.status {
        Status::Succeed => first_url(&view.facts, base),
        _ => Value::from(""),
    };
    json!({
        "code": "success",
        "message": "",
        "data": {
            "error": error,
            "format": "mp4",
            "metadata": null,
            "status": status,
            "task_id": view.facts.id.to_string(),
            "url": url,
        },
    })
}
