//! The envelope around each answer: `code`, `message`, `request_id`, and `data` with a task or several.

use axum::Json;
use axum::response::{IntoResponse, Response};
use job::ProviderTask;
use serde::Serialize;

use super::code::code;
use crate::refusal::Refusal;
use crate::request_id::RequestId;

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    code: u16,
    message: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

/// HTTP 200 with a task or tasks, as the provider answers a POST and a GET, or the refusal.
pub(super) fn answer(result: Result<impl Serialize, Refusal>, id: &RequestId) -> Response {
    let request_id = id.as_str();
    let mut response = match result {
        Ok(data) => {
            let data = Some(data);
            Json(Envelope { code: 0, message: "SUCCEED", request_id, data }).into_response()
        }
        Err(refusal) => refused(&refusal, request_id),
    };
    id.put_into(&mut response);
    response
}

fn refused(refusal: &Refusal, request_id: &str) -> Response {
    let (code, message) = (code(refusal), refusal.to_string());
    let envelope = Envelope { code, message: &message, request_id, data: None::<ProviderTask> };
    refusal.respond(Json(envelope), request_id)
}
