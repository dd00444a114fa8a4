use job::{Illegal, Reason, Rung};
use ports::{LedgerError, PublishError};

/// How a delivery ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Ack,
    /// Back in a while; the ledger has a record of it.
    Later(Rung),
    /// Back in a while; nothing was recorded or sent.
    Bounce(Rung),
    Park(Reason),
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
    /// Only queued records are taken; should that ever break, nothing is submitted.
    #[error(transparent)]
    Illegal(#[from] Box<Illegal>),
}

impl Trouble {
    /// A refused fence wrote nothing: the job is as new as it was.
    pub(crate) fn may_be_recorded(&self) -> bool {
        !matches!(
            self,
            Self::Untouched(_) | Self::Ledger(LedgerError::Fenced | LedgerError::GenerationChanged)
        )
    }
}
