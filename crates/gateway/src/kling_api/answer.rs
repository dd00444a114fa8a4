//! The envelope around each answer: `code`, `message`, `request_id`, and `data` with a task or several.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ports::Clock;
use serde::Serialize;

use super::refusal::Refusal;
use super::task::Task;

const REQUEST_ID: &str = "x-request-id";
const MOST_ID_BYTES: usize = 128;

/// The client's own, if it is fit for a log, or a new one.
pub(super) struct RequestId(String);

impl RequestId {
    pub(super) fn of(headers: &HeaderMap, clock: &dyn Clock) -> Self {
        let own = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_fit(id));
        Self(own.map_or_else(|| clock.fresh_id().to_string(), str::to_owned))
    }
}

fn is_fit(id: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

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
    let RequestId(request_id) = id;
    let mut response = match result {
        Ok(data) => {
            let data = Some(data);
            Json(Envelope { code: 0, message: "SUCCEED", request_id, data }).into_response()
        }
        Err(refusal) => refused(&refusal, request_id),
    };
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn refused(refusal: &Refusal, request_id: &str) -> Response {
    let (status, message) = (refusal.status(), refusal.to_string());
    log(refusal, status, request_id);
    let (code, message, data) = (refusal.code(), message.as_str(), None::<Task>);
    let envelope = Envelope { code, message, request_id, data };
    let mut response = (status, Json(envelope)).into_response();
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// What a client did wrong is its own affair; why the ledger failed is for operators only.
fn log(refusal: &Refusal, status: StatusCode, request_id: &str) {
    if let Refusal::Ledger(error) = refusal {
        tracing::warn!(request_id, %error, "a client is refused");
    } else if status.is_server_error() {
        tracing::warn!(request_id, %refusal, "a client is refused");
    } else {
        tracing::debug!(request_id, %refusal, "a client is refused");
    }
}
