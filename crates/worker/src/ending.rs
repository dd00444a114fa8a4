use job::{Illegal, Reason, Record, Rung};
use ports::{LedgerError, PublishError, Reached};

/// How a delivery ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Ack,
    /// Back in a while, with word of how far the job may have come.
    Later(Rung, Reached),
    Park(Reason),
}

impl Ending {
    /// Nothing was recorded or sent.
    pub(crate) fn bounce(rung: Rung) -> Self {
        Self::Later(rung, Reached::Nothing)
    }

    /// Another delivery of the job is at work on it.
    pub(crate) fn elsewhere() -> Self {
        Self::Later(Rung::OneSecond, Reached::Provider)
    }
}

/// Why a delivery could not be worked on; nothing was decided about the job.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Before any record of the job was written.
    #[error(transparent)]
    Untouched(LedgerError),
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

impl Trouble {
    /// A refused fence wrote nothing: the job is as new as it was.
    pub(crate) fn reached(&self) -> Reached {
        match self {
            Self::Untouched(_)
            | Self::Ledger(LedgerError::Fenced | LedgerError::GenerationChanged) => {
                Reached::Nothing
            }
            _ => Reached::Provider,
        }
    }
}
