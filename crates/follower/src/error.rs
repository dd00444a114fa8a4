use ports::{BrokerError, LedgerError, PublishError};

/// Why the journal could not be compared; tried again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    Recorder(#[from] recorder::Error),
    #[error("the barrier was not published: {0}")]
    Publish(#[from] PublishError),
    #[error("the journal's consumer ended")]
    Ended,
}
