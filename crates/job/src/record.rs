use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::history;
use crate::{
    Estimate, ExternalId, HistoryEntry, Job, JobKey, JsonObject, Kept, Life, Operation,
    PathRefusals, Priority, RequestHash, State, StoredHash, Timestamp, Watch, WebhookUrl,
};

/// The account of a tombstone or a message that was not a job. Real accounts have a name.
pub(crate) const NO_ACCOUNT: &str = "";

/// The ledger's entry for one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub key: JobKey,
    pub operation: Operation,
    /// The provider account it is submitted with. A change of configuration does not change it: only
    /// this account knows its task.
    pub account: String,
    /// It stays with its account: that was asked for, or has the task that it builds on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bound: bool,
    /// Other accounts that may have its task: the ledger has lost with which it was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_accounts: Vec<String>,
    /// Part of the external id and of event ids; unknown in records of versions without lives.
    #[serde(default, skip_serializing_if = "Life::is_unknown")]
    pub life: Life,
    /// Counts paid rounds from 1; part of the external id and of event ids.
    pub round: u32,
    /// Counted submissions within this round.
    pub attempt: u32,
    pub external_id: ExternalId,
    /// A POST under this external id may have reached the provider: a refusal as
    /// "already used" then means that the task exists.
    #[serde(default)]
    pub sent_before: bool,
    /// Raised by every transition: of two copies of a record, the higher is newer. Never behind the
    /// ledger's clock, so this holds also after a ledger has lost the record.
    #[serde(default)]
    pub revision: u64,
    /// Restored from the journal; since then at most a cancellation was requested. Later changes,
    /// such as an intent to submit, may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    /// The dead letter whose replay began this round: a repeated replay begins no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<String>,
    /// Its message was acknowledged while it had no task: whoever queues it publishes it again, and
    /// each intent is journaled before it is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acknowledged: bool,
    /// An operator dropped it before anything was sent: published again, it begins a new round.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_begin_again: bool,
    /// A cancellation was requested while it was unknown whether the job had been sent: the next
    /// delivery decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancel_requested: bool,
    pub request_hash: StoredHash,
    /// Kept while it may still have to be sent; a small one also for an operator's retry.
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
    /// Called when an event reports a change of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
    /// The `traceparent` of the worker's span that last wrote an intent for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_span: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enqueued_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// The provider's task id, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Other tasks of this job: of earlier rounds, or accepted when the record could not take them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_tasks: Vec<String>,
    /// Refusals of this round by a proxy or gateway on the way to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_refusals: Option<PathRefusals>,
    /// What this round was expected to cost when it was last submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    pub state: State,
    /// What polling has shown about the present round's task.
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
    /// The first record of a job: round 1, queued.
    pub fn new(job: &Job, account: &str, installation: &str, now: Timestamp) -> Self {
        let life = Life::begun(now);
        Self {
            key: job.key.clone(),
            operation: job.operation.clone(),
            account: account.to_owned(),
            bound: job.account.is_some(),
            other_accounts: Vec::new(),
            round: 1,
            attempt: 0,
            external_id: ExternalId::derive(installation, &job.key, &life, 1),
            life,
            sent_before: false,
            revision: 0,
            restored: false,
            replayed: None,
            acknowledged: false,
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
            webhook: job.webhook.clone(),
            traceparent: None,
            tracestate: None,
            worker_span: None,
            enqueued_at: None,
            created_at: now,
            submitted_at: None,
            task_id: None,
            other_tasks: Vec::new(),
            path_refusals: None,
            estimate: None,
            state: State::Queued { why: None },
            watch: Watch::default(),
            history: Vec::new(),
        }
    }

    /// The same with the life from its message. Changes the external id, so only before a POST.
    #[must_use]
    pub fn in_life(mut self, life: Life, installation: &str) -> Self {
        self.external_id = ExternalId::derive(installation, &self.key, &life, self.round);
        self.life = life;
        self
    }

    /// Whether it is the record of a job with this request.
    pub fn is_of(&self, request: &RequestHash) -> bool {
        self.was_a_job() && self.request_hash == StoredHash::of_request(request)
    }

    /// When a poller must look at it; `None`: never.
    pub fn due(&self, orphan_check: Duration) -> Option<Timestamp> {
        match &self.state {
            State::Submitting { .. } => Some(self.last_change() + orphan_check),
            State::InDoubt { doubt } => Some(doubt.next_look),
            State::Pending { next_look, .. } => Some(*next_look),
            State::Waiting { next_look, .. } => {
                Some(self.deadline.map_or(*next_look, |deadline| deadline.min(*next_look)))
            }
            State::Tombstone
            | State::Queued { .. }
            | State::Settled { .. }
            | State::Parked { .. } => None,
        }
    }

    /// As if a POST were under way until the deadline: denials count only once it must have
    /// arrived, and its slot may be in use.
    #[must_use]
    pub fn supposed_sent(self, post_deadline: Timestamp) -> Self {
        let state =
            State::Submitting { owner: String::new(), intent: String::new(), post_deadline };
        Self { state, ..self }
    }

    /// Whether this round is in doubt, parked or not.
    pub fn is_in_doubt(&self, round: u32) -> bool {
        let doubted =
            matches!(self.state, State::InDoubt { .. } | State::Parked { doubt: Some(_), .. });
        doubted && self.round == round
    }

    /// Whether a POST of this round may have reached the provider and not been refused.
    pub fn may_have_been_paid(&self) -> bool {
        self.sent_before || self.task_id.is_some() || self.submitted_at.is_some()
    }

    /// The provider denies the task, or the task is overdue: an operator may end the job.
    pub fn may_be_gone(&self) -> bool {
        self.watch.denials > 0 || self.watch.overdue
    }

    /// An operator may settle it: it is in doubt, or its task may be gone.
    pub fn is_in_question(&self) -> bool {
        match self.state {
            State::InDoubt { .. } | State::Parked { doubt: Some(_), .. } => true,
            State::Pending { .. } => self.may_be_gone(),
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::Settled { .. }
            | State::Parked { doubt: None, .. } => false,
        }
    }

    /// Its deadline has passed.
    pub fn is_too_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// When it was published, as far as its message told that. Several workers may record the jobs of
    /// a tenant in another order.
    pub fn came_at(&self) -> Timestamp {
        self.enqueued_at.map_or(self.created_at, |at| at.min(self.created_at))
    }

    pub fn last_change(&self) -> Timestamp {
        self.history.last().map_or(self.created_at, |entry| entry.at)
    }

    /// The job message that submits this record (again); `None` if its request is not loaded.
    pub fn to_job(&self) -> Option<Job> {
        Some(Job {
            key: self.key.clone(),
            operation: self.operation.clone(),
            request: self.request.here()?.clone(),
            priority: self.priority,
            deadline: self.deadline,
            metadata: self.metadata.clone(),
            retries: self.retries,
            account: self.bound.then(|| self.account.clone()),
            webhook: self.webhook.clone(),
        })
    }

    pub(crate) fn note(&mut self, at: Timestamp, what: impl Into<String>) {
        history::add(&mut self.history, HistoryEntry::once(at, self.round, what));
    }
}
