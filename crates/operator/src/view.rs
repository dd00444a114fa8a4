mod details;

use job::{
    Acceptance, Cost, JobKey, JsonObject, Outcome, Output, Problem, Record, State, Timestamp,
};
use serde::Serialize;

pub use self::details::{JobDetails, LookView};

/// A job as every interface shows it. Times are RFC 3339.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Serialize)]
pub struct JobView<'a> {
    /// The producer's idempotency key, unique within the tenant.
    pub id: &'a str,
    pub tenant: &'a str,
    /// `queued`, `waiting`, `submitting`, `in_doubt`, `pending`, `parked`, `succeeded`, `failed`,
    /// `rejected`, `timed_out` or `cancelled`.
    pub state: &'static str,
    pub operation: &'a str,
    /// Counts paid attempts that were asked for, from 1.
    pub round: u32,
    /// Counted submissions within the round.
    pub attempt: u32,
    /// The provider's id of the task, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<&'a str>,
    /// Under which the provider is asked for the task. Not known before a worker has recorded the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// The files, when it succeeded.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub outputs: &'a [Output],
    /// How many files more the provider listed without an address.
    #[serde(skip_serializing_if = "is_zero")]
    pub outputs_left_out: u32,
    /// Why it did not succeed, or is parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// Of the present round, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// The producer's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub metadata: Option<&'a JsonObject>,
    pub created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<String>,
    /// When it ended or was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// No job has arrived with this id: if one does, it is cancelled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(files: &u32) -> bool {
    *files == 0
}

impl<'a> JobView<'a> {
    pub fn of(record: &'a Record) -> Self {
        let (outputs, error, finished) = ending(&record.state);
        Self {
            id: record.key.id.as_str(),
            tenant: record.key.tenant.as_str(),
            state: record.state.word(),
            operation: record.operation.as_str(),
            round: record.round,
            attempt: record.attempt,
            task_id: record.task_id.as_deref(),
            external_id: Some(record.external_id.as_str()),
            model: record.model.as_deref(),
            outputs,
            outputs_left_out: record.state.outputs_left_out(),
            error,
            cost: record.cost(),
            metadata: Some(&record.metadata).filter(|metadata| !metadata.is_empty()),
            created_at: record.created_at.to_string(),
            submitted_at: record.submitted_at.map(|at| at.to_string()),
            finished_at: finished.map(|at| at.to_string()),
            unseen: matches!(record.state, State::Tombstone),
        }
    }

    /// A job that is published, and that no worker has recorded.
    pub fn of_acceptance(key: &'a JobKey, accepted: &'a Acceptance) -> Self {
        Self {
            id: key.id.as_str(),
            tenant: key.tenant.as_str(),
            state: "queued",
            operation: accepted.operation.as_str(),
            round: 1,
            attempt: 0,
            task_id: None,
            external_id: None,
            model: None,
            outputs: &[],
            outputs_left_out: 0,
            error: None,
            cost: None,
            metadata: None,
            created_at: accepted.accepted_at.to_string(),
            submitted_at: None,
            finished_at: None,
            unseen: false,
        }
    }
}

fn ending(state: &State) -> (&[Output], Option<Problem>, Option<Timestamp>) {
    match state {
        State::Settled { outcome: Outcome::Succeeded { outputs, .. }, at } => {
            (outputs, None, Some(*at))
        }
        State::Settled { outcome, at } => (&[], outcome.error().cloned(), Some(*at)),
        State::Parked { why, at, .. } => (&[], Some(Problem::new("parked", why)), Some(*at)),
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. } => (&[], None, None),
    }
}
