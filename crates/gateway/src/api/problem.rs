//! Problems (RFC 9457).

use api_keys::{BadKey, Scope};
use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::routes::Route;
use crate::body::Unread;
use crate::refusal::Refusal;

/// A kind of problem: programs decide by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemKind {
    pub code: &'static str,
    pub title: &'static str,
    pub status: u16,
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $title:literal),* $(,)?) => {
        $(const $name: ProblemKind =
            ProblemKind { code: $code, title: $title, status: $status };)*

        /// All of them.
        pub const KINDS: &[ProblemKind] = &[$($name),*];
    };
}

kinds! {
    BODY = 400 "bad_body" "The body cannot be read.",
    FIELD = 400 "bad_field" "A field, a header or a parameter is wrong.",
    INVALID = 400 "invalid_job" "The job cannot be done as it is.",
    NO_KEY = 401 "no_key" "A key is needed.",
    BAD_KEY = 401 "bad_key" "The key is not accepted.",
    NOT_ALLOWED = 403 "not_allowed" "The client may not do this.",
    UNKNOWN = 404 "unknown" "There is no such thing.",
    METHOD = 405 "wrong_method" "The path takes another method.",
    SLOW_BODY = 408 "slow_body" "The body took too long.",
    CONFLICT = 409 "conflict" "The id belongs to another request.",
    TOO_LATE = 409 "too_late" "The job was submitted or has ended.",
    NOT_RETRIED = 409 "not_retried" "The job cannot be done again.",
    TOO_LARGE = 413 "too_large" "The body is too large.",
    TOO_MANY = 429 "too_many_requests" "Too many requests at once.",
    RATE = 429 "rate_used_up" "The key's rate is used up.",
    BUDGET = 429 "budget_used_up" "The key's budget is used up.",
    UNAVAILABLE = 503 "unavailable" "It cannot be done now: send it again.",
    UNFINISHED = 503 "unfinished" "It may be done in part: send it again.",
    NOT_KNOWN = 504 "may_be_accepted" "The job may be accepted: send it again under its id.",
}

impl ProblemKind {
    /// Whether a client may meet it there, with a path and a method that exist.
    pub fn may_come(&self, route: &Route) -> bool {
        let retries = route.name == "retryJob";
        let batches = route.name == "createJobs";
        let submits = route.scope == Some(Scope::Submit) && !retries;
        let waits = route.method == "get" && route.path.contains("{id}");
        let cancels = route.scope == Some(Scope::Cancel);
        match *self {
            NO_KEY | BAD_KEY | NOT_ALLOWED | UNAVAILABLE => true,
            FIELD => !cancels && !retries,
            TOO_MANY => submits || waits || route.name == "listJobs",
            UNKNOWN => route.path.contains("{id}"),
            NOT_KNOWN => (submits && !batches) || route.path.contains("{id}"),
            BODY | SLOW_BODY | TOO_LARGE => submits,
            INVALID | CONFLICT => submits && !batches,
            RATE | BUDGET => (submits && !batches) || retries,
            NOT_RETRIED => retries,
            TOO_LATE => cancels,
            UNFINISHED => cancels || retries,
            _ => false,
        }
    }
}

fn kind(refusal: &Refusal) -> ProblemKind {
    match refusal {
        Refusal::Unread(Unread::TooLarge(_)) => TOO_LARGE,
        Refusal::Unread(Unread::Slow(_)) => SLOW_BODY,
        Refusal::Unread(Unread::NotWhole | Unread::Kind(_)) | Refusal::NotJson(_) => BODY,
        Refusal::Invalid(job::Reason::TooLarge { .. }) => TOO_LARGE,
        Refusal::Invalid(_) | Refusal::NotTheProviders(_) => INVALID,
        Refusal::Field(..) | Refusal::ListTooLong => FIELD,
        Refusal::Conflict { .. } => CONFLICT,
        Refusal::TooLate { .. } => TOO_LATE,
        Refusal::NotRetried(_) => NOT_RETRIED,
        Refusal::UnknownPath(_) | Refusal::UnknownTask(_) => UNKNOWN,
        Refusal::WrongMethod => METHOD,
        Refusal::NoKey => NO_KEY,
        Refusal::BadKey(
            BadKey::Unknown
            | BadKey::Revoked
            | BadKey::Expired
            | BadKey::TokenTooEarly
            | BadKey::TokenExpired,
        ) => BAD_KEY,
        Refusal::NotLocal(_) | Refusal::NotAllowed(_) => NOT_ALLOWED,
        Refusal::TooMany => TOO_MANY,
        Refusal::RateUsedUp { .. } => RATE,
        Refusal::OverBudget { .. } => BUDGET,
        Refusal::Closed | Refusal::Ledger(_) | Refusal::Slow | Refusal::Rebuilding => UNAVAILABLE,
        Refusal::Unfinished => UNFINISHED,
        Refusal::Unknown { .. } => NOT_KNOWN,
    }
}

/// The body of a problem.
#[derive(Serialize)]
pub(super) struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: &'a str,
    /// The same request may do better later.
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[Place; 1]>,
}

/// Where the body is wrong.
#[derive(Serialize)]
struct Place {
    /// A JSON pointer as a fragment.
    pointer: String,
    detail: String,
}

impl<'a> Problem<'a> {
    pub(super) fn of(refusal: &Refusal, request_id: &'a str) -> Self {
        let ProblemKind { code, title, status } = kind(refusal);
        let (detail, retryable) = (refusal.to_string(), refusal.retry_after().is_some());
        let r#type = format!("https://reelwork.dev/problems/{code}");
        let place = |pointer| [Place { pointer, detail: detail.clone() }];
        let errors = pointer(refusal).map(place);
        Self { r#type, title, status, detail, code, request_id, retryable, errors }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }
}

/// The fields of a request are below `request`; those of the message are beside it.
fn pointer(refusal: &Refusal) -> Option<String> {
    let Refusal::Invalid(reason) = refusal else { return None };
    let field = reason.problem().field?;
    let in_request =
        matches!(reason, job::Reason::InvalidRequest(_) | job::Reason::WiderThanLimit { .. });
    let field = field.replace('~', "~0").replace('/', "~1");
    Some(match in_request {
        // A path within the request, such as `image_list[2].image`.
        true => format!("#/request/{}", field.replace(['.', '['], "/").replace(']', "")),
        false => format!("#/{field}"),
    })
}

pub(super) fn respond(refusal: &Refusal, request_id: &str) -> Response {
    let problem = Problem::of(refusal, request_id);
    let status = StatusCode::from_u16(problem.status).unwrap_or(refusal.status());
    let kind = HeaderValue::from_static("application/problem+json");
    let body = ([(CONTENT_TYPE, kind)], Json(problem).into_response().into_body());
    let mut response = refusal.respond(body.into_response(), request_id);
    *response.status_mut() = status;
    response
}
