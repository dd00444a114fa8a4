use job::{Disposition, Illegal, Reached, Reason, Record, RetryDelay};
use ports::{LedgerError, PublishError};

/// How a delivery ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Ack,
    /// Back in a while, with word of how far the job may have come.
    Later(RetryDelay, Reached),
    /// The pool has no room for what the job needs; nothing was recorded or sent.
    Full {
        need: u32,
    },
    Park(Reason),
}

impl Ending {
    /// What the record's new state means for the message that brought it.
    pub(crate) fn of(record: &Record, jitter: f64) -> Self {
        match record.disposition(jitter) {
            Disposition::Ack => Self::Ack,
            Disposition::Later(delay, reached) => Self::Later(delay, reached),
            Disposition::Park(reason) => Self::Park(reason),
        }
    }

    /// Nothing was recorded or sent.
    pub(crate) fn bounce(delay: RetryDelay) -> Self {
        Self::Later(delay, Reached::Nothing)
    }

    /// Another delivery of the job is at work on it.
    pub(crate) fn elsewhere() -> Self {
        Self::Later(RetryDelay::OneSecond, Reached::Provider)
    }
}

/// Why a delivery could not be worked on; nothing was decided about the job.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Before any record of the job was written.
    #[error(transparent)]
    Untouched(LedgerError),
    /// Whether the intent was written is not known; surely nothing was sent under it.
    #[error("{error}")]
    Unsent { intent: String, error: LedgerError },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] PublishError),
    /// The ledger knows it and the journal does not.
    #[error("not journaled: {error}")]
    Unjournaled { record: Box<Record>, error: PublishError },
    /// Only queued records are taken; should that ever break, nothing is submitted.
    #[error(transparent)]
    Illegal(#[from] Box<Illegal>),
}

impl From<recorder::Error> for Trouble {
    fn from(error: recorder::Error) -> Self {
        match error {
            recorder::Error::Ledger(error) => Self::Ledger(error),
            recorder::Error::Unjournaled { record, error } => Self::Unjournaled { record, error },
            recorder::Error::Unannounced(error) => Self::Broker(error),
        }
    }
}

impl Trouble {
    /// Trouble of this one job: the lane goes on, and the job waits for a person.
    pub(crate) fn is_of_one_job(&self) -> bool {
        match self {
            Self::Untouched(error) | Self::Unsent { error, .. } | Self::Ledger(error) => {
                error.is_of_one_record()
            }
            Self::Illegal(_) => true,
            Self::Broker(_) | Self::Unjournaled { .. } => false,
        }
    }

    /// A refused fence wrote nothing: the job is as new as it was.
    pub(crate) fn reached(&self) -> Reached {
        match self {
            Self::Untouched(_)
            | Self::Unsent { .. }
            | Self::Ledger(LedgerError::Fenced | LedgerError::GenerationChanged) => {
                Reached::Nothing
            }
            Self::Ledger(
                LedgerError::Unavailable(_)
                | LedgerError::Denied(_)
                | LedgerError::Unsafe(_)
                | LedgerError::Corrupt { .. }
                | LedgerError::LeftApart { .. },
            )
            | Self::Broker(_)
            | Self::Unjournaled { .. }
            | Self::Illegal(_) => Reached::Provider,
        }
    }

    /// The intent that whoever takes the message next may know to be unsent.
    pub(crate) fn unsent(&self) -> Option<&str> {
        match self {
            Self::Unsent { intent, .. } => Some(intent),
            Self::Untouched(_)
            | Self::Ledger(_)
            | Self::Broker(_)
            | Self::Unjournaled { .. }
            | Self::Illegal(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_with_the_job_itself_lets_the_lane_go_on() {
        let corrupt = || LedgerError::Corrupt { key: "a".into(), cause: "b".into() };
        let away = || LedgerError::Unavailable("away".into());
        let of_one_job = [
            (Trouble::Untouched(corrupt()), true),
            (Trouble::Ledger(corrupt()), true),
            (Trouble::Illegal(Box::new(Illegal { state: "pending", fact: "taken" })), true),
            (Trouble::Untouched(away()), false),
            (Trouble::Ledger(LedgerError::Fenced), false),
            (Trouble::Ledger(LedgerError::Denied("no".into())), false),
            (Trouble::Broker(PublishError::Refused("full".into())), false),
        ];
        for (trouble, expected) in of_one_job {
            assert_eq!(trouble.is_of_one_job(), expected, "{trouble}");
        }
    }
}
