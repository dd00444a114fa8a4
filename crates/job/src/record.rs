use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history;
use crate::{
    ExternalId, HistoryEntry, Job, JobKey, JsonObject, Kept, Life, Operation, PathRefusals,
    Priority, RequestHash, State, StoredHash, Timestamp, Watch,
};

/// The account of a message that never was a job. No real account has an empty name.
pub(crate) const NO_ACCOUNT: &str = "";

/// What the ledger remembers of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub key: JobKey,
    pub operation: Operation,
    /// The provider account it was submitted with: pinned, so that a change of
    /// configuration never asks the wrong account about a task.
    pub account: String,
    /// Part of the external id and of event ids; unknown in records from before lives.
    #[serde(default, skip_serializing_if = "Life::is_unknown")]
    pub life: Life,
    /// Raised by every new paid attempt; part of the external id and of event ids.
    pub round: u32,
    /// Tries to submit within this round that counted.
    pub attempt: u32,
    pub external_id: ExternalId,
    /// A POST under this external id may have reached the provider: a refusal as
    /// "already used" then means that the task exists.
    #[serde(default)]
    pub sent_before: bool,
    /// Raised by every transition, so that two copies of a record tell which is newer; never behind
    /// the ledger's clock, so that they also do when a ledger has forgotten one of them.
    #[serde(default)]
    pub revision: u64,
    /// It was put back from the journal and nothing has happened to it since: what came after
    /// that journal line, such as an intent to submit, may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    /// The dead letter whose replay began this round, so that a repeat begins no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<String>,
    /// A person ended it before anything was sent: published again, it begins a new round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_begin_again: bool,
    /// A cancellation came while it was not known whether it had been sent: its next delivery
    /// tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancel_requested: bool,
    pub request_hash: StoredHash,
    /// Kept while it may still have to be sent.
    #[serde(default, skip_serializing_if = "Kept::is_nothing")]
    pub request: Kept,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Slots it takes at the provider.
    #[serde(default = "one")]
    pub slots: u32,
    pub priority: Priority,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Further rounds the job may still pay for.
    #[serde(default)]
    pub retries: u32,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub metadata: JsonObject,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    /// The `traceparent` of the worker's span that last meant to submit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_span: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// The provider's id, from the moment it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Further tasks of this job: of earlier rounds, and those that it could not take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_tasks: Vec<String>,
    /// Refusals of this round by somebody on the way to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_refusals: Option<PathRefusals>,
    pub state: State,
    /// Of the present round's task.
    #[serde(default, skip_serializing_if = "Watch::is_default")]
    pub watch: Watch,
    #[serde(default)]
    pub history: Vec<HistoryEntry>,
}

fn one() -> u32 {
    1
}

fn is_empty(metadata: &JsonObject) -> bool {
    metadata.is_empty()
}

impl Record {
    /// A job that is about to be tried for the first time.
    pub fn new(job: &Job, account: &str, installation: &str, now: Timestamp) -> Self {
        let life = Life::begun(now);
        Self {
            key: job.key.clone(),
            operation: job.operation.clone(),
            account: account.to_owned(),
            round: 1,
            attempt: 0,
            external_id: ExternalId::derive(installation, &job.key, &life, 1),
            life,
            sent_before: false,
            revision: 0,
            restored: false,
            replayed: None,
            may_begin_again: false,
            cancel_requested: false,
            request_hash: StoredHash::of_request(&job.request.hash()),
            model: job.request.model().map(str::to_owned),
            request: Kept::Here(job.request.clone()),
            slots: one(),
            priority: job.priority,
            deadline: job.deadline,
            retries: job.retries,
            metadata: job.metadata.clone(),
            traceparent: None,
            tracestate: None,
            worker_span: None,
            enqueued_at: None,
            created_at: now,
            submitted_at: None,
            task_id: None,
            other_tasks: Vec::new(),
            path_refusals: None,
            state: State::Queued { why: None },
            watch: Watch::default(),
            history: Vec::new(),
        }
    }

    /// The same in a life that its message tells, before anything was sent under its external id.
    #[must_use]
    pub fn in_life(mut self, life: Life, installation: &str) -> Self {
        self.external_id = ExternalId::derive(installation, &self.key, &life, self.round);
        self.life = life;
        self
    }

    /// It came by this request.
    pub fn is_of(&self, request: &RequestHash) -> bool {
        self.was_a_job() && self.request_hash == StoredHash::of_request(request)
    }

    /// When somebody must look at it again; `None` when nobody needs to.
    pub fn due(&self, orphan_check: Duration) -> Option<Timestamp> {
        match &self.state {
            State::Submitting { .. } => Some(self.last_change() + orphan_check),
            State::InDoubt { doubt } => Some(doubt.next_look),
            State::Pending { next_look, .. } => Some(*next_look),
            State::Tombstone
            | State::Queued { .. }
            | State::Settled { .. }
            | State::Parked { .. } => None,
        }
    }

    /// As if somebody had begun to send it just now: denials count only once that would have
    /// arrived, and its slot may be in use.
    #[must_use]
    pub fn supposed_sent(self, post_deadline: Timestamp) -> Self {
        let state =
            State::Submitting { owner: String::new(), intent: String::new(), post_deadline };
        Self { state, ..self }
    }

    /// Its round may have a task that nobody can see.
    pub fn is_in_doubt(&self, round: u32) -> bool {
        let doubted =
            matches!(self.state, State::InDoubt { .. } | State::Parked { doubt: Some(_), .. });
        doubted && self.round == round
    }

    /// Something of this round may have reached the provider and not have been refused.
    pub fn may_have_been_paid(&self) -> bool {
        self.sent_before || self.task_id.is_some() || self.submitted_at.is_some()
    }

    /// The provider denies the task, or has been at work on it for longer than tasks take: a
    /// person may end it.
    pub fn may_be_gone(&self) -> bool {
        self.watch.denials > 0 || self.watch.overdue
    }

    /// A person may settle it: it is in doubt, or its task may be gone.
    pub fn is_in_question(&self) -> bool {
        match self.state {
            State::InDoubt { .. } | State::Parked { doubt: Some(_), .. } => true,
            State::Pending { .. } => self.may_be_gone(),
            State::Tombstone
            | State::Queued { .. }
            | State::Submitting { .. }
            | State::Settled { .. }
            | State::Parked { doubt: None, .. } => false,
        }
    }

    /// Its deadline has passed.
    pub fn is_too_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    pub fn last_change(&self) -> Timestamp {
        self.history.last().map_or(self.created_at, |entry| entry.at)
    }

    /// The job message that asks for this record to be tried (again), if its request is in hand.
    pub fn to_job(&self) -> Option<Job> {
        Some(Job {
            key: self.key.clone(),
            operation: self.operation.clone(),
            request: self.request.here()?.clone(),
            priority: self.priority,
            deadline: self.deadline,
            metadata: self.metadata.clone(),
            retries: self.retries,
        })
    }

    pub(crate) fn note(&mut self, at: Timestamp, what: impl Into<String>) {
        history::add(&mut self.history, HistoryEntry::once(at, self.round, what));
    }
}
