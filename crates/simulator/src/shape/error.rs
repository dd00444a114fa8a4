//! Refusals.

use serde_json::{Value, json};

use super::{ErrorShape, RequestId, Shape};
use crate::refusal::Refusal;

/// HTTP status and body of a refusal.
pub(crate) fn refused(refusal: &Refusal, shape: &Shape, request_id: &str) -> (u16, Value) {
    if refusal.code == 0 {
        return (refusal.http, gateway_error(refusal, request_id));
    }
    match shape.errors {
        ErrorShape::Native => (refusal.http, native(refusal, shape, request_id)),
        ErrorShape::NativeNull => {
            let mut body = native(refusal, shape, request_id);
            body["data"] = Value::Null;
            (refusal.http, body)
        }
        ErrorShape::Comet => (refusal.http, gateway_error(refusal, request_id)),
        ErrorShape::TaskError => task_error(refusal, shape, request_id),
    }
}

fn native(refusal: &Refusal, shape: &Shape, request_id: &str) -> Value {
    let mut body = json!({"code": refusal.code, "message": refusal.message});
    if shape.request_id != RequestId::Absent {
        body["request_id"] = request_id.into();
    }
    body
}

/// The gateway's own envelope.
fn gateway_error(refusal: &Refusal, request_id: &str) -> Value {
    json!({"error": {
        "message": format!("{} (request id: {request_id})", refusal.message),
        "type": "comet_api_error",
        "param": "",
        "code": refusal.word,
    }})
}

/// The gateway checks keys and knows tasks itself; everything else it quotes.
fn task_error(refusal: &Refusal, shape: &Shape, request_id: &str) -> (u16, Value) {
    if refusal.http == 401 {
        return (401, gateway_error(refusal, request_id));
    }
    if *refusal == Refusal::NOT_FOUND {
        let body = json!({"code": "task_not_exist", "message": "task_not_exist", "data": null});
        return (400, body);
    }
    let quoted = native(refusal, shape, request_id).to_string();
    (refusal.http, json!({"code": "fail_to_fetch_task", "message": quoted, "data": null}))
}
