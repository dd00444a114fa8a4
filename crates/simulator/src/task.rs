//! A task: its request, and its status at a given time. Times are Unix microseconds.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::operation::Operation;
use crate::price::Charge;

/// What is fixed when a task is accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) id: u64,
    pub(crate) operation: Operation,
    #[serde(with = "shared_text")]
    pub(crate) marker: Arc<str>,
    pub(crate) external_id: Option<String>,
    pub(crate) accepted_us: u64,
    pub(crate) processing_us: u64,
    /// None: the task never ends.
    pub(crate) ends_us: Option<u64>,
    pub(crate) ending: Ending,
    pub(crate) charge: Charge,
    pub(crate) slots: u32,
    pub(crate) wish: Wish,
}

/// The parts of a request that its answers repeat.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(crate) model: String,
    pub(crate) pictures: u32,
    pub(crate) seconds: u32,
    pub(crate) watermark: Option<bool>,
    pub(crate) session_id: Option<String>,
    /// The source video of a task made from one (extend, lip-sync, video-to-audio): id or url.
    pub(crate) parent_video: Option<String>,
    pub(crate) callback_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    Succeed,
    SucceedWithoutUrl,
    Fail(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Failure {
    Moderation,
    Generation,
}

impl Failure {
    /// The provider's message for it.
    fn words(self) -> &'static str {
        match self {
            Failure::Moderation => "Failure to pass the risk control system",
            Failure::Generation => "generation error",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Submitted,
    Processing,
    Succeed,
    Failed,
}

impl Status {
    /// Kling's name for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Submitted => "submitted",
            Status::Processing => "processing",
            Status::Succeed => "succeed",
            Status::Failed => "failed",
        }
    }

    pub(crate) fn is_terminal(self) -> bool {
        matches!(self, Status::Succeed | Status::Failed)
    }
}

impl Facts {
    pub(crate) fn status_at(&self, now_us: u64) -> Status {
        match self.ends_us {
            Some(ends_us) if now_us >= ends_us => self.last_status(),
            _ if now_us >= self.processing_us => Status::Processing,
            _ => Status::Submitted,
        }
    }

    pub(crate) fn last_status(&self) -> Status {
        match self.ending {
            Ending::Fail(_) => Status::Failed,
            Ending::Succeed | Ending::SucceedWithoutUrl => Status::Succeed,
        }
    }
}

/// A task as one answer shows it.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) facts: Arc<Facts>,
    pub(crate) status: Status,
}

impl View {
    /// Unix milliseconds of the last status change.
    pub(crate) fn updated_ms(&self) -> u64 {
        let us = match self.status {
            Status::Submitted => self.facts.accepted_us,
            Status::Processing => self.facts.processing_us,
            Status::Succeed | Status::Failed => {
                self.facts.ends_us.unwrap_or(self.facts.processing_us)
            }
        };
        us / 1_000
    }

    pub(crate) fn created_ms(&self) -> u64 {
        self.facts.accepted_us / 1_000
    }

    /// `task_status_msg`, for tasks that ended.
    pub(crate) fn message(&self) -> &'static str {
        match (self.status, self.facts.ending) {
            (Status::Failed, Ending::Fail(failure)) => failure.words(),
            _ => "",
        }
    }
}

mod shared_text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
        str::serialize(text, to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Arc::from)
    }
}
