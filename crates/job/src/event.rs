use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Cost, JsonObject, Operation, Outcome, Output, Problem, Record, State, Timestamp, TraceContext,
};

/// What an event announces; the last word of its routing key, and a part of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Submitted,
    Succeeded,
    Failed,
    Rejected,
    TimedOut,
    Cancelled,
    Parked,
    Conflict,
    Overdue,
}

impl EventKind {
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::TimedOut,
        Self::Cancelled,
        Self::Parked,
        Self::Conflict,
        Self::Overdue,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Parked => "parked",
            Self::Conflict => "conflict",
            Self::Overdue => "overdue",
        }
    }

    /// The kind that an event's type (`dev.reelwork.task.succeeded.v1`) names.
    pub fn of_type(event_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.event_type() == event_type)
    }

    pub fn event_type(self) -> String {
        format!("dev.reelwork.task.{}.v1", self.word())
    }

    /// The job is settled or parked. After `parked` another outcome of the same round may follow:
    /// see [`ends_round`](Self::ends_round).
    pub fn is_outcome(self) -> bool {
        !matches!(self, Self::Submitted | Self::Conflict | Self::Overdue)
    }

    /// No other outcome of this round follows. A parked job may still be found to have succeeded.
    pub fn ends_round(self) -> bool {
        self.is_outcome() && self != Self::Parked
    }
}

/// The source of events: an absolute URI, one per installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource(String);

impl EventSource {
    pub fn of_installation(installation: &str) -> Self {
        Self(format!("https://reelwork.dev/installations/{installation}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One announcement, as CloudEvents 1.0 in structured JSON.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudEvent {
    pub specversion: String,
    /// Deterministic: equal for every repeat of the same announcement.
    pub id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub event_type: String,
    /// The job id.
    pub subject: String,
    /// RFC 3339.
    pub time: String,
    pub datacontenttype: String,
    /// The producer's own trace, carried to the consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    pub data: EventData,
}

/// How the job stands.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventData {
    /// The producer's idempotency key, unique within the tenant.
    pub job_id: String,
    pub tenant: String,
    pub operation: Operation,
    /// The provider's, when the request names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Counts paid attempts that were asked for: 1 for the first.
    pub round: u32,
    /// The provider's id of the task, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The files, when it succeeded.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// How many files more the provider listed without an address, such as inline data: they are
    /// not here.
    #[serde(default, skip_serializing_if = "crate::state::is_zero")]
    pub outputs_left_out: u32,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// It was announced as overdue before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    pub timings: Timings,
    /// What the provider says it took, in its own units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_unit_deduction: Option<String>,
    /// What this round costs, as far as it is known; absent where no price is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What the producer gave along.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub metadata: JsonObject,
}

/// Unix milliseconds.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_ms: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<Timestamp>,
    pub announced_ms: Timestamp,
}

impl CloudEvent {
    /// The event of this kind about the record as it is now.
    pub fn about(record: &Record, kind: EventKind, source: &EventSource, now: Timestamp) -> Self {
        let id = event_id(record, &["event", kind.word()]);
        let TraceContext { traceparent, tracestate } = record.trace_context();
        Self {
            specversion: "1.0".to_owned(),
            id,
            source: source.to_string(),
            event_type: kind.event_type(),
            subject: record.key.id.to_string(),
            time: now.to_string(),
            datacontenttype: "application/json".to_owned(),
            traceparent,
            tracestate,
            data: EventData::about(record, now),
        }
    }

    /// Another message came under the id of `record`. `other`, its hash, is part of the event id,
    /// so that each such message is announced once.
    pub fn conflict(
        record: &Record,
        other: &str,
        error: Problem,
        source: &EventSource,
        now: Timestamp,
    ) -> Self {
        let mut event = Self::about(record, EventKind::Conflict, source, now);
        let parts = ["event", EventKind::Conflict.word(), other];
        event.id = event_id(record, &parts);
        event.data.outputs.clear();
        event.data.outputs_left_out = 0;
        event.data.error = Some(error);
        event
    }

    pub fn kind(&self) -> Option<EventKind> {
        EventKind::of_type(&self.event_type)
    }

    /// `videos.text2video.succeeded`: consumers bind `videos.*.succeeded` or `#`.
    pub fn routing_key(&self) -> String {
        let kind = self.kind().map_or("unknown", EventKind::word);
        format!("{}.{kind}", self.data.operation.dotted())
    }
}

fn event_id(record: &Record, parts: &[&str]) -> String {
    record.key.derived_id(parts, &record.life, record.round).to_string()
}

impl EventData {
    fn about(record: &Record, now: Timestamp) -> Self {
        let (outputs, error, final_unit_deduction, finished_ms) = ending(&record.state);
        Self {
            job_id: record.key.id.to_string(),
            tenant: record.key.tenant.to_string(),
            operation: record.operation.clone(),
            model: record.model.clone(),
            round: record.round,
            task_id: record.task_id.clone(),
            outputs,
            outputs_left_out: record.state.outputs_left_out(),
            error,
            late: record.watch.overdue && record.state.is_final(),
            timings: Timings {
                // Older versions stored publish times unchecked.
                queued_ms: record.enqueued_at.and_then(|at| at.plausible(now)),
                submitted_ms: record.submitted_at,
                finished_ms,
                announced_ms: now,
            },
            final_unit_deduction,
            cost: record.cost(),
            metadata: record.metadata.clone(),
        }
    }
}

type Ending = (Vec<Output>, Option<Problem>, Option<String>, Option<Timestamp>);

fn ending(state: &State) -> Ending {
    match state {
        State::Settled {
            outcome: Outcome::Succeeded { outputs, final_unit_deduction, .. },
            at,
        } => (outputs.clone(), None, final_unit_deduction.clone(), Some(*at)),
        State::Settled { outcome, at } => (Vec::new(), outcome.error().cloned(), None, Some(*at)),
        State::Parked { why, at, .. } => {
            let error = Problem::new("parked", why).advice(
                "a person must decide: see `reelwork why`, `reelwork dead`, `reelwork doubt`",
            );
            (Vec::new(), Some(error), None, Some(*at))
        }
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. } => (Vec::new(), None, None, None),
    }
}
