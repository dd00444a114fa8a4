use ports::{BrokerError, LedgerError, PublishError};

/// Why the store did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// Nothing was written.
    NotDone(String),
    /// Perhaps it was written.
    Unknown(String),
}

/// Why a call came to nothing: the store failed, or the door refuses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure<E> {
    Store(StoreError),
    Refused(E),
}

impl StoreError {
    pub(crate) fn closed() -> Self {
        Self::NotDone("the file was closed".to_owned())
    }

    fn into_text(self) -> String {
        match self {
            Self::NotDone(text) | Self::Unknown(text) => text,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::NotDone(error.to_string())
    }
}

impl<E> From<rusqlite::Error> for Failure<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Failure<LedgerError>> for LedgerError {
    fn from(failure: Failure<LedgerError>) -> Self {
        match failure {
            Failure::Store(error) => Self::Unavailable(error.into_text()),
            Failure::Refused(error) => error,
        }
    }
}

impl From<Failure<PublishError>> for PublishError {
    fn from(failure: Failure<PublishError>) -> Self {
        match failure {
            Failure::Store(StoreError::NotDone(text)) => Self::Refused(text),
            Failure::Store(StoreError::Unknown(text)) => Self::Unknown(text),
            Failure::Refused(error) => error,
        }
    }
}

impl From<Failure<BrokerError>> for BrokerError {
    fn from(failure: Failure<BrokerError>) -> Self {
        match failure {
            Failure::Store(error) => Self::Unavailable(error.into_text()),
            Failure::Refused(error) => error,
        }
    }
}
