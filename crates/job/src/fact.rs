use serde::{Deserialize, Serialize};

use crate::{Outcome, Passed, Problem, Timestamp};

/// Something that has happened to a job and may change its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A worker holds the delivery and a permit and is about to POST.
    Taken {
        owner: String,
        intent: String,
        post_deadline: Timestamp,
    },
    /// The provider answered with a task id, or a look-up or callback found one.
    Accepted {
        task_id: String,
        status: String,
    },
    /// The provider accepted a submission of this job that the record has moved on from.
    Strayed {
        task_id: String,
    },
    /// Too busy, or the account cannot pay: nothing was created; the try does not count.
    PutOff {
        why: String,
    },
    /// The request never left: nothing was created. That is the lane's trouble, so the try does
    /// not count.
    NotSent {
        why: String,
    },
    /// Refused by somebody on the way to the provider: nothing was created, and the job may or may
    /// not be to blame.
    PathRefused {
        why: String,
        passed: Passed,
    },
    /// Refused for good: nothing was created.
    Refused {
        error: Problem,
    },
    /// Sent, and no answer that tells whether a task exists.
    AnswerLost {
        cause: String,
    },
    /// Refused, because the provider has a task under our external id already.
    Repeated {
        cause: String,
    },
    /// The process that was submitting is gone, or the record of it is.
    OwnerLost {
        cause: String,
    },
    /// A look-up by external id was answered: no such task.
    Denied,
    /// A look-up could not be made or said nothing.
    LookUpFailed {
        why: String,
    },
    /// Nobody can be asked by external id, and no callback has named a task yet.
    Unheard {
        why: String,
    },
    /// A signed callback for this round named a task: one exists.
    Proposed {
        task_id: String,
    },
    /// Callbacks named tasks, and none could be attached. `answered`: the provider was heard
    /// about every one of them.
    Unproven {
        evidence: Vec<String>,
        answered: bool,
    },
    /// The provider told the state of a task that goes on.
    Seen {
        status: String,
    },
    /// The provider reports success, and no file can be read from its answer.
    Unread {
        /// The beginning of the answer.
        answer: String,
    },
    /// The provider says that there is no such task.
    LookDenied {
        why: String,
    },
    /// Asking failed; that says nothing about the task.
    LookFailed {
        why: String,
    },
    /// The provider told the end of the task.
    Ended {
        outcome: Outcome,
    },
    /// The deadline passed before the job was submitted.
    DeadlinePassed,
    /// Its message grew too old in the broker before the job was submitted.
    Expired {
        why: String,
        /// A ledger that has lost its memory cannot tell whether it was.
        may_be_sent: bool,
    },
    CancelRequested,
    /// Nobody here can do it: kept for a person.
    GivenUp {
        why: String,
    },
    /// A person wants a doubtful submission sent again, under the same external id.
    Resubmit {
        why: String,
    },
    /// A person ends a doubtful job as failed, whatever became of its task.
    Abandoned {
        error: Problem,
    },
    /// A person gives a parked job up.
    Dropped,
    /// A person publishes its dead letter again.
    Replayed {
        letter: String,
    },
    /// A new paid attempt, wanted by a producer or by the job itself.
    Again {
        why: String,
    },
}

impl Fact {
    /// An answer to a POST that tells that no task was created.
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
            Self::Again { .. } => "again",
        }
    }
}
