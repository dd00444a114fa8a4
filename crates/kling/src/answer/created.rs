//! What a POST's answer means.

use serde_json::{Map, Value};

use super::body;
use super::code::{self, Meaning};
use super::complaint::Complaint;
use super::envelope::Envelope;
use super::status::TaskStatus;
use super::value::{can_be_asked_for, first, id, object, text, time_ms};
use super::words::ErrorWords;
use crate::error::{RefusalClass, SubmitError};

/// A task the provider has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Opaque; seen as 18 and 19 digits, base64 and UUID.
    pub task_id: String,
    pub status: TaskStatus,
    /// Our own id, when echoed.
    pub external_task_id: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: Option<i64>,
    pub request_id: Option<String>,
    /// The editing session (multi-elements only).
    pub session_id: Option<String>,
}

/// The meaning of an answer to a task-creating POST, under the default [`ErrorWords`].
pub fn decode_created(status: u16, body: &[u8]) -> Result<Created, SubmitError> {
    decode_created_with(status, body, &ErrorWords::default())
}

/// The meaning of an answer to a task-creating POST.
pub fn decode_created_with(
    status: u16,
    body: &[u8],
    words: &ErrorWords,
) -> Result<Created, SubmitError> {
    let Some(root) = &body::object(body) else {
        return Err(judge(status, Complaint::not_json(body), words));
    };
    let envelope = Envelope::open(root);
    match (created(&envelope), complaint(status, &envelope)) {
        (Some(created), None) => Ok(created),
        // Nothing is lost by asking for it: what does not exist is denied.
        (Some(created), Some(told)) if is_success(status) && told.is_unknown_number() => {
            Ok(created)
        }
        // An error beside a task id: whichever is believed, the other may cost money.
        (Some(created), Some(complaint)) => Err(SubmitError::Unknown {
            cause: format!("task id {} beside an error: {}", created.task_id, complaint.message),
        }),
        (None, Some(complaint)) => Err(judge(status, complaint, words)),
        (None, None) => {
            Err(SubmitError::Unknown { cause: format!("HTTP {status} without a task id") })
        }
    }
}

/// The `data` of a synchronous call's answer.
pub(crate) fn decode_data(
    status: u16,
    body: &[u8],
    words: &ErrorWords,
) -> Result<Map<String, Value>, SubmitError> {
    let Some(root) = &body::object(body) else {
        return Err(judge(status, Complaint::not_json(body), words));
    };
    let envelope = Envelope::open(root);
    if let Some(complaint) = complaint(status, &envelope) {
        return Err(judge(status, complaint, words));
    }
    let empty = root.get("data").and_then(Value::as_object);
    match envelope.layers.last().copied().or(empty) {
        Some(data) => Ok(data.clone()),
        None => Err(SubmitError::Unknown { cause: format!("HTTP {status} without data") }),
    }
}

fn complaint(status: u16, envelope: &Envelope<'_>) -> Option<Complaint> {
    let by_status = || (!is_success(status)).then(|| Complaint::of_status(envelope.root));
    envelope.complaint.clone().or_else(by_status)
}

fn created(envelope: &Envelope<'_>) -> Option<Created> {
    let word = envelope.pick(|layer| first(layer, &["task_status", "status"], text));
    let external = |layer: &Map<String, Value>| {
        object(layer, "task_info")
            .and_then(|info| first(info, &["external_task_id"], id))
            .or_else(|| first(layer, &["external_task_id", "external_id"], id))
    };
    Some(Created {
        task_id: envelope.pick(task_id).filter(|id| can_be_asked_for(id))?,
        status: word.and_then(|word| TaskStatus::parse(&word)).unwrap_or(TaskStatus::Submitted),
        external_task_id: envelope.pick(external),
        created_at_ms: envelope.pick(|layer| first(layer, &["created_at", "create_time"], time_ms)),
        request_id: first(envelope.root, &["request_id"], id),
        session_id: envelope.pick(|layer| first(layer, &["session_id"], id)),
    })
}

/// A bare `id` is a task's only beside a task status: errors and requests have ids too.
fn task_id(layer: &Map<String, Value>) -> Option<String> {
    let has_status = || first(layer, &["status"], text).and_then(|word| TaskStatus::parse(&word));
    first(layer, &["task_id"], id).or_else(|| has_status().and(first(layer, &["id"], id)))
}

/// What the caller must do about a complaint in answer to a POST.
fn judge(status: u16, complaint: Complaint, words: &ErrorWords) -> SubmitError {
    let named_refusal = words.refuse(&complaint);
    if words.are_busy(status, &complaint) && !named_refusal {
        return busy(complaint);
    }
    if (status >= 500 || complaint.is_broken()) && !named_refusal {
        return doubt(status, complaint);
    }
    match complaint.code.and_then(code::look_up) {
        Some((Meaning::Account, _)) => account(complaint),
        Some((Meaning::Busy, _)) => busy(complaint),
        Some((Meaning::Refused(class), advice)) => refused(status, complaint, class, advice),
        Some((Meaning::Broken, _)) if !named_refusal => doubt(status, complaint),
        Some((Meaning::Broken, _)) | None if named_refusal => {
            refused(status, complaint, RefusalClass::BadRequest, "correct the request")
        }
        _ => judge_by_status(status, complaint),
    }
}

/// Used if the response has no known error number, so that only the HTTP status says something.
fn judge_by_status(status: u16, complaint: Complaint) -> SubmitError {
    match status {
        _ if complaint.is_about_money() => account(complaint),
        429 => busy(complaint),
        // The first three do not say whether the server handled the request. 303 means that it did,
        // and that the result is elsewhere.
        408 | 425 | 499 | 303 => doubt(status, complaint),
        300..=499 => path(status, complaint),
        200..=299 if complaint.code.is_some_and(code::is_refusal_family) => path(status, complaint),
        _ => doubt(status, complaint),
    }
}

fn account(complaint: Complaint) -> SubmitError {
    SubmitError::Account { code: complaint.code, message: complaint.message }
}

fn busy(complaint: Complaint) -> SubmitError {
    SubmitError::Busy { code: complaint.code, message: complaint.message, retry_after: None }
}

fn doubt(status: u16, complaint: Complaint) -> SubmitError {
    let code = complaint.code.map(|code| format!(", code {code}")).unwrap_or_default();
    SubmitError::Unknown { cause: format!("HTTP {status}{code}: {}", complaint.message) }
}

fn path(http_status: u16, complaint: Complaint) -> SubmitError {
    let may_be_repeat = complaint.hides_number() || http_status == 409;
    let code = complaint.code.map(|code| format!("code {code}: ")).unwrap_or_default();
    let message = format!("{code}{}", complaint.message);
    SubmitError::Path { http_status, message, may_be_repeat }
}

fn refused(status: u16, complaint: Complaint, class: RefusalClass, advice: &str) -> SubmitError {
    SubmitError::Refused {
        may_be_repeat: complaint.code == Some(code::BAD_VALUE)
            || complaint.hides_number()
            || status == 409,
        code: complaint.code,
        http_status: status,
        message: complaint.message,
        advice: advice.to_owned(),
        class,
    }
}

pub(super) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}
