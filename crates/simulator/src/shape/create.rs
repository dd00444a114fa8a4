//! Answers to a create.

use serde_json::{Value, json};

use super::task::start;
use super::{CreateShape, RequestId, Shape, TaskInfo};
use crate::task::View;

/// The answer that names a new task.
pub(crate) fn created(view: &View, shape: &Shape, request_id: &str) -> Value {
    let mut task = start(view, shape);
    if shape.task_info == TaskInfo::Null {
        task.insert("task_status_msg".into(), Value::Null);
        task.insert("task_result".into(), Value::Null);
    }
    if let Some(session_id) = &view.facts.wish.session_id {
        task.insert("session_id".into(), session_id.as_str().into());
    }
    match shape.create {
        CreateShape::Native => native(Value::Object(task), shape, request_id, Some(view.facts.id)),
        CreateShape::Bare => Value::Object(task),
        CreateShape::Openai => json!({
            "id": view.facts.id.to_string(),
            "task_id": view.facts.id.to_string(),
            "object": "video",
            "model": view.facts.wish.model,
            "status": "queued",
            "progress": 0,
            "created_at": view.created_ms() / 1_000,
        }),
    }
}

/// A good answer that forgets the task: HTTP 200 with `data: {}`.
pub(crate) fn without_task_id(shape: &Shape, request_id: &str) -> Value {
    native(json!({}), shape, request_id, None)
}

/// Kling's envelope around `data`.
pub(super) fn native(data: Value, shape: &Shape, request_id: &str, task_id: Option<u64>) -> Value {
    let mut answer = json!({"code": 0, "message": shape.word.text(), "data": data});
    let request_id = match (shape.request_id, task_id) {
        (RequestId::Absent, _) => return answer,
        (RequestId::TaskId, Some(id)) => id.to_string(),
        _ => request_id.to_owned(),
    };
    answer["request_id"] = request_id.into();
    answer
}

/// The answer of a synchronous helper, which makes no task.
pub(crate) fn synchronous(data: Value, shape: &Shape, request_id: &str) -> Value {
    native(data, shape, request_id, None)
}
