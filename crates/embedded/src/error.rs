use ports::{BrokerError, LedgerError, PublishError};

/// Why the store failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// Nothing was written.
    NotDone(String),
    /// It may have been written.
    Unknown(String),
}

/// Why a call failed: in the store, or refused by the port.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Error<E> {
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

impl<E> From<rusqlite::Error> for Error<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<Error<LedgerError>> for LedgerError {
    fn from(error: Error<LedgerError>) -> Self {
        match error {
            Error::Store(error) => Self::Unavailable(error.into_text()),
            Error::Refused(error) => error,
        }
    }
}

impl From<Error<PublishError>> for PublishError {
    fn from(error: Error<PublishError>) -> Self {
        match error {
            Error::Store(StoreError::NotDone(text)) => Self::Refused(text),
            Error::Store(StoreError::Unknown(text)) => Self::Unknown(text),
            Error::Refused(error) => error,
        }
    }
}

impl From<Error<BrokerError>> for BrokerError {
    fn from(error: Error<BrokerError>) -> Self {
        match error {
            Error::Store(error) => Self::Unavailable(error.into_text()),
            Error::Refused(error) => error,
        }
    }
}
