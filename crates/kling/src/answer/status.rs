//! The states of a task, and their spellings.

/// Where a task stands at the provider. Succeeded and Failed are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    Submitted,
    Processing,
    Succeeded,
    Failed,
}

impl TaskStatus {
    /// Whether the provider will never change it again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// One spelling for each status.
    pub fn word(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Processing => "processing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// Parses a status in the spelling of Kling or of a gateway, in upper or lower case.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "submitted" | "queued" | "queueing" | "queuing" | "not_start" | "not_started"
            | "pending" | "created" | "waiting" | "accepted" => Some(Self::Submitted),
            "processing" | "in_progress" | "in-progress" | "running" | "generating" | "started" => {
                Some(Self::Processing)
            }
            "succeed" | "succeeded" | "success" | "successful" | "completed" | "complete"
            | "done" | "finished" | "finish" | "ok" => Some(Self::Succeeded),
            "failed" | "fail" | "failure" | "error" | "expired" | "cancelled" | "canceled"
            | "cancel" | "timeout" | "timed_out" | "timedout" | "rejected" | "banned"
            | "aborted" | "terminated" | "blocked" | "moderated" | "deleted" => Some(Self::Failed),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_from_its_own_word() {
        use TaskStatus::{Failed, Processing, Submitted, Succeeded};
        for status in [Submitted, Processing, Succeeded, Failed] {
            assert_eq!(TaskStatus::parse(status.word()), Some(status));
        }
    }
}
