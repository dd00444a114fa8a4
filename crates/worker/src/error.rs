use job::{Illegal, Reached, Record};
use ports::{LedgerError, PublishError};

/// Why a delivery or a granted job could not be worked on. Nothing was decided about the job.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Before any record of the job was written.
    #[error(transparent)]
    Untouched(LedgerError),
    /// It is not known whether the intent was written. Nothing was sent under it.
    #[error("{error}")]
    Unsent { intent: String, error: LedgerError },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] PublishError),
    /// The ledger knows it and the journal does not.
    #[error("not journaled: {error}")]
    Unjournaled { record: Box<Record>, error: PublishError },
    /// A bug: only queued and waiting records are taken. Nothing is submitted.
    #[error(transparent)]
    Illegal(#[from] Box<Illegal>),
}

impl From<recorder::Error> for Error {
    fn from(error: recorder::Error) -> Self {
        match error {
            recorder::Error::Ledger(error) => Self::Ledger(error),
            recorder::Error::Unjournaled { record, error } => Self::Unjournaled { record, error },
            recorder::Error::Unannounced(error) => Self::Broker(error),
        }
    }
}

impl Error {
    /// Error of this one job: the lane goes on, and the job waits for a person.
    pub(crate) fn is_of_one_job(&self) -> bool {
        match self {
            Self::Untouched(error) | Self::Unsent { error, .. } | Self::Ledger(error) => {
                error.is_of_one_record()
            }
            Self::Illegal(_) => true,
            Self::Broker(_) | Self::Unjournaled { .. } => false,
        }
    }

    /// How far the job may have come. A refused fence wrote nothing.
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

    /// The intent that was not sent, for the next worker that gets the message.
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
            (Error::Untouched(corrupt()), true),
            (Error::Ledger(corrupt()), true),
            (Error::Illegal(Box::new(Illegal { state: "pending", fact: "taken" })), true),
            (Error::Untouched(away()), false),
            (Error::Ledger(LedgerError::Fenced), false),
            (Error::Ledger(LedgerError::Denied("no".into())), false),
            (Error::Broker(PublishError::Refused("full".into())), false),
        ];
        for (error, expected) in of_one_job {
            assert_eq!(error.is_of_one_job(), expected, "{error}");
        }
    }
}
