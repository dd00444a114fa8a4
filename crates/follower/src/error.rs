use ports::{BrokerError, LedgerError, PublishError};

/// Why the comparison with the journal failed; it is repeated.
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
