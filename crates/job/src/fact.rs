use serde::{Deserialize, Serialize};

use crate::{Outcome, Passed, Problem, Request, RetryDelay, Timestamp};

/// Something that has happened to a job and may change its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A worker holds a permit and is about to POST.
    Taken {
        owner: String,
        intent: String,
        post_deadline: Timestamp,
    },
    /// No slot is free, or none may be used now: it waits in the waiting room.
    NoSlot {
        why: String,
    },
    /// A poller has looked at a job that waits for a slot.
    StillWaits,
    /// Another account has free slots, and nothing waits for them: it waits for one of these.
    Moved {
        account: String,
    },
    /// Its slot was granted, but it cannot be sent here now: its message returns after the delay.
    Deferred {
        why: String,
        after: RetryDelay,
    },
    /// The provider answered with a task id, or a look-up or callback found one.
    Accepted {
        task_id: String,
        status: String,
    },
    /// The provider accepted a submission as a task that the record can no longer take.
    Strayed {
        task_id: String,
    },
    /// Too busy, or the account cannot pay: no task was created; the attempt does not count.
    PutOff {
        why: String,
    },
    /// The request was not sent: no task was created. The lane failed and not the job, so the
    /// attempt does not count.
    NotSent {
        why: String,
    },
    /// Refused by a proxy or gateway on the way to the provider: no task was created, and the job
    /// may or may not be the cause.
    PathRefused {
        why: String,
        passed: Passed,
    },
    /// Refused for good: no task was created.
    Refused {
        error: Problem,
    },
    /// Sent, but no answer shows whether a task exists.
    AnswerLost {
        cause: String,
    },
    /// Refused, because the provider has a task under our external id already.
    Repeated {
        cause: String,
    },
    /// The process that was submitting is gone, or the record of it is lost.
    OwnerLost {
        cause: String,
    },
    /// A look-up by external id found no task.
    Denied,
    /// A look-up could not be made, or its answer shows nothing.
    LookUpFailed {
        why: String,
    },
    /// No look-up by external id can settle the doubt, and no callback has named a task yet.
    Unheard {
        why: String,
    },
    /// A signed callback for this round named a task: one exists.
    Proposed {
        task_id: String,
    },
    /// Callbacks named tasks, and none could be attached. `answered`: the provider answered about
    /// every one of them.
    Unproven {
        evidence: Vec<String>,
        answered: bool,
    },
    /// The provider reported the status of a task that has not ended.
    Seen {
        status: String,
    },
    /// The provider reports success, but no file can be read from its answer.
    Unread {
        /// The beginning of the answer.
        answer: String,
    },
    /// The provider reports that the task does not exist.
    LookDenied {
        why: String,
    },
    /// The query failed; the task's status is unknown.
    LookFailed {
        why: String,
    },
    /// The provider reported that the task has ended.
    Ended {
        outcome: Outcome,
    },
    /// The deadline passed before the job was submitted.
    DeadlinePassed,
    /// Its message expired in the broker before the job was submitted.
    Expired {
        why: String,
        /// The ledger lost records, so the job may have been submitted after all.
        may_be_sent: bool,
    },
    CancelRequested,
    /// It cannot be done, or its doubt not settled, by itself: parked for an operator.
    GivenUp {
        why: String,
    },
    /// An operator has a submission in doubt sent again, under the same external id.
    Resubmit {
        why: String,
    },
    /// An operator ends a job as failed, whatever happened to its task.
    Abandoned {
        error: Problem,
    },
    /// An operator drops a parked job.
    Dropped,
    /// An operator publishes its dead letter again.
    Replayed {
        letter: String,
    },
    /// An operator publishes its dead letter with another request, which takes these slots.
    Edited {
        letter: String,
        request: Request,
        slots: u32,
    },
    /// An operator has a job that did not succeed done again, in a new paid round after this one.
    Retried {
        round: u32,
    },
    /// A new paid round: the producer published a dropped job again.
    Again {
        why: String,
    },
}

impl Fact {
    /// Whether it is an answer to a POST that created no task.
    pub fn created_nothing(&self) -> bool {
        matches!(
            self,
            Self::PutOff { .. }
                | Self::NotSent { .. }
                | Self::PathRefused { .. }
                | Self::Refused { .. }
        )
    }

    pub fn word(&self) -> &'static str {
        match self {
            Self::Taken { .. } => "taken",
            Self::NoSlot { .. } => "no_slot",
            Self::StillWaits => "still_waits",
            Self::Moved { .. } => "moved",
            Self::Deferred { .. } => "deferred",
            Self::Accepted { .. } => "accepted",
            Self::Strayed { .. } => "strayed",
            Self::PutOff { .. } => "put_off",
            Self::NotSent { .. } => "not_sent",
            Self::PathRefused { .. } => "path_refused",
            Self::Refused { .. } => "refused",
            Self::AnswerLost { .. } => "answer_lost",
            Self::Repeated { .. } => "repeated",
            Self::OwnerLost { .. } => "owner_lost",
            Self::Denied => "denied",
            Self::LookUpFailed { .. } => "look_up_failed",
            Self::Unheard { .. } => "unheard",
            Self::Proposed { .. } => "proposed",
            Self::Unproven { .. } => "unproven",
            Self::Seen { .. } => "seen",
            Self::Unread { .. } => "unread",
            Self::LookDenied { .. } => "look_denied",
            Self::LookFailed { .. } => "look_failed",
            Self::Ended { .. } => "ended",
            Self::DeadlinePassed => "deadline_passed",
            Self::Expired { .. } => "expired",
            Self::CancelRequested => "cancel_requested",
            Self::GivenUp { .. } => "given_up",
            Self::Resubmit { .. } => "resubmit",
            Self::Abandoned { .. } => "abandoned",
            Self::Dropped => "dropped",
            Self::Replayed { .. } => "replayed",
            Self::Retried { .. } => "retried",
            Self::Edited { .. } => "edited",
            Self::Again { .. } => "again",
        }
    }
}
