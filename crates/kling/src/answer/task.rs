//! A task as an answer shows it.

use serde_json::{Map, Value};

use super::envelope::Envelope;
use super::left_out::left_out;
use super::output::Output;
use super::results;
use super::status::TaskStatus;
use super::value::{brief, first, id, object, text, time_ms};
use crate::route::Resource;

/// A task as the provider shows it. Everything that may be missing is optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// When echoed. A callback may carry Kling's id where the gateway minted another.
    pub task_id: Option<String>,
    pub status: TaskStatus,
    /// The provider's message, mainly for failed tasks.
    pub status_message: Option<String>,
    pub external_task_id: Option<String>,
    /// Unix time in milliseconds.
    pub created_at_ms: Option<i64>,
    /// Unix time in milliseconds.
    pub updated_at_ms: Option<i64>,
    /// Empty until success, and sometimes for a while after it: ask again before giving up.
    pub outputs: Vec<Output>,
    /// Files that it lists beside these without an address, such as inline data.
    pub outputs_left_out: usize,
    /// The video this task was made from (extend, lip-sync, video-to-audio).
    pub parent_video: Option<ParentVideo>,
    /// Units charged, as written: `"2"`.
    pub final_unit_deduction: Option<String>,
    pub final_balance_deduction: Option<BalanceDeduction>,
    /// The beginning of the answer, where it reports success and no file could be read from it.
    pub unread: Option<String>,
    /// A status that is not documented; `status` is then `Processing`. Empty if there was no
    /// status.
    pub unknown_status: Option<String>,
}

/// The video a task was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentVideo {
    pub id: Option<String>,
    pub url: Option<String>,
    /// Seconds as the provider wrote them.
    pub duration_s: Option<String>,
}

/// Money charged, as the provider wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceDeduction {
    pub quota: Option<String>,
    pub list_price: Option<String>,
}

/// The task of an envelope; none if no layer has a status.
/// `made`: what the route makes, where it is known.
pub(super) fn task(envelope: &Envelope<'_>, made: Option<Resource>) -> Option<Task> {
    let (status, unknown_status) = status(envelope)?;
    let pick = |keys: &[&str]| envelope.pick(|layer| first(layer, keys, text));
    let pick_time = |keys: &[&str]| envelope.pick(|layer| first(layer, keys, time_ms));
    let outputs = results::all(&envelope.layers, made);
    Some(Task {
        task_id: envelope.pick(|layer| first(layer, &["task_id", "id"], id)),
        status,
        status_message: envelope.pick(status_message).map(|words| brief(&words)),
        external_task_id: envelope.pick(external_task_id),
        created_at_ms: pick_time(&["created_at", "create_time", "submit_time"]),
        updated_at_ms: pick_time(&["updated_at", "update_time", "finish_time"]),
        outputs_left_out: left_out(&envelope.layers, &outputs),
        outputs,
        parent_video: envelope.pick(parent_video),
        final_unit_deduction: pick(&["final_unit_deduction"]),
        final_balance_deduction: envelope.pick(balance_deduction),
        unread: None,
        unknown_status,
    })
}

/// The innermost status that is known, but a final outer one beats a stale inner one.
fn status(envelope: &Envelope<'_>) -> Option<(TaskStatus, Option<String>)> {
    let words: Vec<String> = envelope.layers.iter().rev().filter_map(|layer| word(layer)).collect();
    let known: Vec<TaskStatus> = words.iter().filter_map(|word| TaskStatus::parse(word)).collect();
    let chosen = known.iter().find(|status| status.is_final()).or(known.first());
    match chosen {
        Some(status) => Some((*status, None)),
        None => Some((TaskStatus::Processing, Some(brief(words.first()?)))),
    }
}

fn word(layer: &Map<String, Value>) -> Option<String> {
    let string = |value: &Value| value.as_str().filter(|word| !word.is_empty()).map(str::to_owned);
    first(layer, &["task_status", "status"], string)
}

fn status_message(layer: &Map<String, Value>) -> Option<String> {
    let error = || object(layer, "error").and_then(|error| first(error, &["message"], text));
    // Beside a code, `message` speaks of the call and not of the task.
    let message = || first(layer, &["message"], text).filter(|_| !layer.contains_key("code"));
    first(layer, &["task_status_msg", "fail_reason"], text).or_else(error).or_else(message)
}

fn external_task_id(layer: &Map<String, Value>) -> Option<String> {
    object(layer, "task_info")
        .and_then(|info| first(info, &["external_task_id"], id))
        .or_else(|| first(layer, &["external_task_id", "external_id"], id))
}

fn parent_video(layer: &Map<String, Value>) -> Option<ParentVideo> {
    let parent = object(object(layer, "task_info")?, "parent_video")?;
    Some(ParentVideo {
        id: first(parent, &["id"], id),
        url: first(parent, &["url"], text),
        duration_s: first(parent, &["duration"], text),
    })
}

fn balance_deduction(layer: &Map<String, Value>) -> Option<BalanceDeduction> {
    let money = object(layer, "final_balance_deduction")?;
    Some(BalanceDeduction {
        quota: first(money, &["quota"], text),
        list_price: first(money, &["list_price"], text),
    })
}
