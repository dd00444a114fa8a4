//! The accounts as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fault::FaultKind;
use crate::settings::PerPool;

/// What was asked, accepted, refused and charged since the start or the last reset.
///
/// `submissions` = `accepted` + `limit_violations` + `refused_repeats` + `refused_other` +
/// `refused_by_fault`, except while a `created_late` fault has a task still to create.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accounts {
    /// POSTs that reached a create route, whatever became of them.
    pub submissions: u64,
    /// Tasks created, whether or not the client received the response.
    pub accepted: u64,
    /// USD charged for accepted tasks.
    pub charged_usd: f64,
    /// USD given back for tasks that ended failed; not subtracted from `charged_usd`.
    pub refunded_usd: f64,
    /// Creates beyond the limits; injected `busy` answers are not among them.
    pub limit_violations: LimitViolations,
    /// Creates refused because their external id was known.
    pub refused_repeats: u64,
    /// Creates refused for any other reason: key, body, session, money.
    pub refused_other: u64,
    /// Creates for which an injected fault stood instead of a task.
    pub refused_by_fault: u64,
    /// GETs by task id.
    pub queries: u64,
    /// GETs by external id, in the path or as a parameter.
    pub look_ups: u64,
    /// GETs of the list.
    pub lists: u64,
    /// Requests with a missing or wrong key, on any route.
    pub unauthorized: u64,
    /// Synchronous helper calls.
    pub helpers: HelperCounts,
    /// Callbacks by what became of them.
    pub callbacks: CallbackCounts,
    /// Slots held now.
    pub in_flight: PerPool,
    /// The most slots ever held at once.
    pub in_flight_max: PerPool,
    /// Accepted tasks that have not ended.
    pub unfinished: u64,
    /// Tasks that ended well, those without url included.
    pub succeeded: u64,
    /// Tasks that ended failed.
    pub failed: u64,
    /// How often each injected fault took effect; faults of a task count once per task.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Jobs with at least one accepted task. A job is a marker, or a body without one.
    pub jobs: u64,
    /// Jobs with more than one accepted task.
    pub double_paid: u64,
    /// Jobs with more than one accepted task that was not refunded (so far).
    pub double_charged: u64,
    /// Number of jobs by their number of accepted tasks: `{"1": 990, "2": 3}`.
    pub tasks_per_job: BTreeMap<u32, u64>,
    /// Submissions that carried no marker.
    pub unmarked: u64,
    /// Every accepted task in order of acceptance, on request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<TaskEntry>>,
}

/// Creates refused because a limit was exceeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitViolations {
    /// Too many tasks in flight (1303).
    pub concurrency: u64,
    /// Too many creates in a second (1302).
    pub rate: u64,
}

/// The synchronous helper calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HelperCounts {
    /// Calls, refused ones included.
    pub calls: u64,
    /// USD charged for them; not part of the tasks' money.
    pub charged_usd: f64,
}

/// Callbacks by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallbackCounts {
    /// Answered with a 2xx; duplicates and forged ones included.
    pub sent: u64,
    /// Answered otherwise, or not at all.
    pub failed: u64,
    /// Not sent because the target's host is not among `callbacks.hosts`.
    pub refused: u64,
    /// Not sent on purpose (`missing_rate`).
    pub withheld: u64,
    /// Of those tried: forged on purpose.
    pub forged: u64,
}

/// One accepted task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskEntry {
    /// The id that the API shows.
    pub task_id: String,
    /// The job it belongs to.
    pub marker: String,
    /// The path below `/kling/v1/`.
    pub operation: String,
    /// As sent and stored.
    pub external_task_id: Option<String>,
    /// Unix milliseconds.
    pub accepted_at_ms: u64,
    /// Unix milliseconds; absent while it runs.
    pub finished_at_ms: Option<u64>,
    /// The true status, whatever faults show.
    pub status: String,
    /// Charged at acceptance.
    pub usd: f64,
}
