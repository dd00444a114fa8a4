use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Moment, Timestamp};

/// The state of a job in its present round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Cancelled before it was delivered: when its message comes, the job ends as cancelled.
    Tombstone,
    /// Waits in the broker for its (next) attempt.
    Queued {
        why: Option<String>,
    },
    /// Waits in the waiting room of its pool for a slot; its message is acknowledged. No POST was
    /// made since it began to wait.
    Waiting {
        why: String,
        /// Its place among its tenant's jobs.
        since: Timestamp,
        /// When a poller makes sure that it has its place there.
        next_look: Timestamp,
    },
    /// The intent is written; a POST may be under way until the deadline.
    Submitting {
        owner: String,
        /// Distinguishes two attempts of one owner, which may begin at the same moment.
        #[serde(default)]
        intent: String,
        post_deadline: Timestamp,
    },
    /// A POST may or may not have created a task.
    InDoubt {
        doubt: Doubt,
    },
    /// The provider has accepted it as a task.
    Pending {
        /// The status that the provider last reported, for display: no decision depends on it.
        status: String,
        looks: u32,
        next_look: Timestamp,
    },
    Settled {
        outcome: Outcome,
        at: Timestamp,
    },
    /// Waits for an operator.
    Parked {
        why: String,
        doubt: Option<Doubt>,
        at: Timestamp,
    },
}

impl State {
    /// Whether it is settled or parked.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Parked { .. })
    }

    /// The number of files that the provider listed without a URL.
    pub fn outputs_left_out(&self) -> u32 {
        match self {
            Self::Settled { outcome: Outcome::Succeeded { outputs_left_out, .. }, .. } => {
                *outputs_left_out
            }
            Self::Tombstone
            | Self::Queued { .. }
            | Self::Waiting { .. }
            | Self::Submitting { .. }
            | Self::InDoubt { .. }
            | Self::Pending { .. }
            | Self::Settled { .. }
            | Self::Parked { .. } => 0,
        }
    }
}

/// What is known about a POST whose answer was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    pub since: Timestamp,
    pub cause: String,
    /// The POST's deadline plus the settling time: only later denials count.
    pub settles_at: Timestamp,
    /// Denials that counted.
    pub denials: u32,
    pub looks: u32,
    pub next_look: Timestamp,
    /// Signs that a task exists, without proof which one: such a job is submitted again only by an
    /// operator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The intent of the POST in doubt, if known: no late refusal of another POST ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
}

impl Doubt {
    /// A doubt before its first look-up, which is due at once.
    pub fn begun(since: Timestamp, cause: String, settles_at: Timestamp) -> Self {
        let (next_look, evidence) = (since, Vec::new());
        Self { since, cause, settles_at, denials: 0, looks: 0, next_look, evidence, intent: None }
    }

    /// Whether a POST must have arrived by now. A clock that has jumped since must have run
    /// steadily for the whole wait.
    pub(crate) fn is_settled(&self, at: Moment) -> bool {
        let wait = self.settles_at.since(self.since);
        at.now >= self.settles_at.max(at.steady_since + wait)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Succeeded {
        outputs: Vec<Output>,
        /// The number of files that the provider listed without a URL.
        #[serde(default, skip_serializing_if = "is_zero")]
        outputs_left_out: u32,
        /// The provider's own figure, in its units, if it reports one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        final_unit_deduction: Option<String>,
    },
    Failed {
        error: Problem,
    },
    Rejected {
        error: Problem,
    },
    TimedOut {
        error: Problem,
    },
    Cancelled,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
pub(crate) fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Outcome {
    /// Success with these files, none left out.
    pub fn succeeded(outputs: Vec<Output>) -> Self {
        Self::Succeeded { outputs, outputs_left_out: 0, final_unit_deduction: None }
    }

    pub fn error(&self) -> Option<&Problem> {
        match self {
            Self::Failed { error } | Self::Rejected { error } | Self::TimedOut { error } => {
                Some(error)
            }
            Self::Succeeded { .. } | Self::Cancelled => None,
        }
    }
}

/// One result file.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    pub kind: OutputKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of sound in two formats, the MP3.
    pub url: String,
    /// The same sound as WAV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wav_url: Option<String>,
    /// The same file with a watermark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark_url: Option<String>,
    /// Seconds, as the provider writes them ("5.1").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Kling deletes generated files after 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    Video,
    Image,
    Audio,
}

/// Why a job did not succeed, in words a consumer can act on.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The class: moderation, input, generation, permission, policy, deadline …
    pub kind: String,
    pub message: String,
    /// What is at fault: a key of the message, or a path within its request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The provider's number or word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Value>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Whether the provider has charged for it; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed: Option<bool>,
    /// The beginning of the provider's last answer, where nothing could be read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

impl Problem {
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
            field: None,
            code: None,
            advice: None,
            billed: None,
            answer: None,
        }
    }

    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    #[must_use]
    pub fn billed(mut self, billed: bool) -> Self {
        self.billed = Some(billed);
        self
    }

    #[must_use]
    pub fn code(mut self, code: Option<i64>) -> Self {
        self.code = code.map(Value::from);
        self
    }
}
