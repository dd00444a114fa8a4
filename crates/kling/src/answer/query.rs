//! What a GET's answer means.

use serde_json::Value;

use super::body;
use super::code::{self, Meaning};
use super::complaint::{Complaint, NO_REASON};
use super::created::is_success;
use super::envelope::Envelope;
use super::status::TaskStatus;
use super::task::{Task, task};
use crate::error::QueryError;
use crate::route::Resource;

/// The meaning of an answer to a GET for one task.
pub fn decode_task(status: u16, body: &[u8]) -> Result<Task, QueryError> {
    decode_task_of(None, status, body)
}

/// The same on a route that is known to make this: what a relay echoes of the request is of
/// another kind.
pub(crate) fn decode_task_of(
    made: Option<Resource>,
    status: u16,
    body: &[u8],
) -> Result<Task, QueryError> {
    let task = with_envelope(status, body, |envelope| {
        task(envelope, made).ok_or_else(|| unreadable("no task status in the answer"))
    })?;
    let is_unread = task.status == TaskStatus::Succeeded && task.outputs.is_empty();
    Ok(Task { unread: is_unread.then(|| beginning(body)), ..task })
}

/// The beginning of a body for an operator to read, without control characters.
fn beginning(body: &[u8]) -> String {
    const MOST: usize = 2048;
    let text = String::from_utf8_lossy(&body[..body.len().min(MOST)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The meaning of an answer to a GET for a list of tasks, in the provider's order.
///
/// An entry without a status is kept as Processing with an empty `unknown_status`: dropping it
/// could make a task look denied. A list that is missing or null is unreadable, not empty.
pub fn decode_tasks(status: u16, body: &[u8]) -> Result<Vec<Task>, QueryError> {
    with_envelope(status, body, |envelope| {
        let list = envelope.list.ok_or_else(|| unreadable("no list in the answer"))?;
        list.iter().map(entry).collect()
    })
}

fn entry(value: &Value) -> Result<Task, QueryError> {
    let map = value.as_object().ok_or_else(|| unreadable("a list entry is not an object"))?;
    if let Some(task) = task(&Envelope::open(map), None) {
        return Ok(task);
    }
    let mut map = map.clone();
    map.insert("task_status".to_owned(), Value::from("?"));
    let envelope = Envelope { root: &map, layers: vec![&map], list: None, complaint: None };
    let read = task(&envelope, None);
    let read = read.map(|task| Task { unknown_status: Some(String::new()), ..task });
    read.ok_or_else(|| unreadable("a list entry is not a task"))
}

fn with_envelope<T>(
    status: u16,
    body: &[u8],
    read: impl Fn(&Envelope<'_>) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let Some(root) = &body::object(body) else {
        return Err(judge(status, Complaint::not_json(body)));
    };
    let envelope = Envelope::open(root);
    if let Some(complaint) = complaint(status, &envelope) {
        return Err(judge(status, complaint));
    }
    read(&envelope)
}

/// A complaint, unless the answer shows a status that settles more than its code does.
fn complaint(status: u16, envelope: &Envelope<'_>) -> Option<Complaint> {
    if !is_success(status) {
        let by_code = envelope.complaint.clone();
        return Some(by_code.unwrap_or_else(|| Complaint::of_status(envelope.root)));
    }
    let shown = task(envelope, None).filter(|task| task.unknown_status.is_none());
    let outer_is_fine = Complaint::of_root(envelope.root).is_none();
    match shown {
        // The complaint is then an inner, possibly stale one.
        Some(_) if outer_is_fine => None,
        Some(task) if task.status == TaskStatus::Failed && task.task_id.is_some() => None,
        Some(_) if envelope.complaint.as_ref().is_some_and(Complaint::is_unknown_number) => None,
        _ => envelope.complaint.clone(),
    }
}

/// What the caller must do about a complaint in answer to a GET.
fn judge(status: u16, complaint: Complaint) -> QueryError {
    let Complaint { code, message, .. } = &complaint;
    let (code, message) = (*code, message.clone());
    if status >= 500 {
        return QueryError::Later { cause: format!("HTTP {status}: {message}") };
    }
    if code == Some(code::NO_SUCH_RESOURCE) || complaint.word_is_one_of(&["task_not_exist"]) {
        return QueryError::NotFound { message };
    }
    match code.and_then(code::look_up) {
        Some((Meaning::Account, _)) => QueryError::Account { code, message },
        Some((Meaning::Busy, _)) => QueryError::Busy { code, message, retry_after: None },
        Some((Meaning::Broken, _)) => QueryError::Later { cause: message },
        Some((Meaning::Refused(_), _)) => refused(code, &message),
        None => judge_by_status(status, complaint),
    }
}

fn judge_by_status(status: u16, complaint: Complaint) -> QueryError {
    let Complaint { code, message, parsed, .. } = complaint.clone();
    match status {
        _ if complaint.is_about_money() => QueryError::Account { code, message },
        429 => QueryError::Busy { code, message, retry_after: None },
        404 if parsed && code.is_none() && is_denial(&complaint) => {
            QueryError::NotFound { message }
        }
        200..=299 if parsed => refused(code, &message),
        400 | 409 | 422 if parsed => refused(code, &message),
        _ => QueryError::Later { cause: format!("HTTP {status}: {message}") },
    }
}

/// A 404 counts as a denial only if its message can be about a task. A 404 from a router says
/// nothing about the task, and a denial may lead to a second payment.
fn is_denial(complaint: &Complaint) -> bool {
    let said = complaint.message.to_lowercase();
    let is_bare = matches!(said.trim_matches(['.', '!', ' ']), NO_REASON | "not found" | "404");
    let of_the_address = ["invalid url", "route", "path", "page not found", "method"];
    !is_bare && !of_the_address.iter().any(|word| said.contains(word))
}

fn refused(code: Option<i64>, message: &str) -> QueryError {
    let code = code.map(|code| format!("code {code}: ")).unwrap_or_default();
    unreadable(&format!("{code}{message}"))
}

fn unreadable(cause: &str) -> QueryError {
    QueryError::Unreadable { cause: cause.to_owned() }
}
