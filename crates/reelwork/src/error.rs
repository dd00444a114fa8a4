mod report;

use api_keys::FileError;
use daemon::{ConfigError, ExitCode, Problem};
use ports::{BrokerError, LedgerError, PublishError};
use producer::{ProduceError, ReplayError};

pub(crate) use self::report::Report;

/// Why a command failed: a line of text or a [`Report`], and an exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{}", configuration(.0))]
    Configuration(#[from] ConfigError),
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    Unavailable(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Other(String),
}

/// One problem is one line; more are a list.
fn configuration(error: &ConfigError) -> String {
    match error.problems.as_slice() {
        [problem] => format!("configuration: {problem}"),
        _ => format!("the configuration has problems:\n{error}"),
    }
}

impl Error {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::Usage,
            Self::Configuration(_) | Self::Denied(_) => ExitCode::Configuration,
            Self::Unavailable(_) => ExitCode::Unavailable,
            Self::NotFound(_) => ExitCode::NotFound,
            Self::Other(_) => ExitCode::Failure,
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Configuration(problem.into())
    }
}

impl From<operator::Unseen> for Error {
    fn from(error: operator::Unseen) -> Self {
        match error {
            operator::Unseen::Ledger(error) => error.into(),
            operator::Unseen::Broker(error) => error.into(),
        }
    }
}

impl From<BrokerError> for Error {
    fn from(error: BrokerError) -> Self {
        match error {
            BrokerError::Unavailable(_) => Self::Unavailable(error.to_string()),
            BrokerError::Denied(_) | BrokerError::Differs(_) => Self::Denied(error.to_string()),
        }
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(_) => Self::Unavailable(error.to_string()),
            LedgerError::Denied(_) | LedgerError::Unsafe(_) => Self::Denied(error.to_string()),
            LedgerError::Fenced | LedgerError::GenerationChanged => {
                Self::Unavailable(format!("{error}: nothing was changed; try again"))
            }
            LedgerError::Corrupt { .. } | LedgerError::LeftApart { .. } => {
                Self::Other(error.to_string())
            }
        }
    }
}

impl From<follower::Error> for Error {
    fn from(error: follower::Error) -> Self {
        match error {
            follower::Error::Ledger(error) => error.into(),
            follower::Error::Broker(error) => error.into(),
            follower::Error::Publish(error) => error.into(),
            follower::Error::Recorder(_) | follower::Error::Ended => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unknown(_) | PublishError::Refused(_) => {
                Self::Unavailable(error.to_string())
            }
            PublishError::Denied(_) => Self::Denied(error.to_string()),
            PublishError::Unroutable(_) | PublishError::TooLarge { .. } => {
                Self::Other(error.to_string())
            }
        }
    }
}

impl From<operator::Error> for Error {
    fn from(error: operator::Error) -> Self {
        match error {
            operator::Error::Ledger(error) => error.into(),
            operator::Error::Broker(error) | operator::Error::Unjournaled(error) => error.into(),
            operator::Error::Rebuilding => Self::Unavailable(error.to_string()),
            operator::Error::Unknown(_) => Self::NotFound(error.to_string()),
            operator::Error::NotATask { .. } | operator::Error::AccountNotKnown { .. } => {
                Self::Usage(error.to_string())
            }
            operator::Error::NotInDoubt { .. }
            | operator::Error::OthersTask { .. }
            | operator::Error::Illegal(_) => Self::Other(error.to_string()),
        }
    }
}

impl From<operator::PauseError> for Error {
    fn from(error: operator::PauseError) -> Self {
        match error {
            operator::PauseError::Ledger(error) => error.into(),
            operator::PauseError::Reason
            | operator::PauseError::Ended { .. }
            | operator::PauseError::UnknownOperation(_) => Self::Usage(error.to_string()),
            operator::PauseError::NotPaused { .. } => Self::NotFound(error.to_string()),
            operator::PauseError::TooMany { .. } => Self::Other(error.to_string()),
        }
    }
}

impl From<ProduceError> for Error {
    fn from(error: ProduceError) -> Self {
        match &error {
            ProduceError::Invalid(_) => Self::Usage(error.to_string()),
            ProduceError::Refused { .. } | ProduceError::Unknown { .. } => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<ReplayError> for Error {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Broker(error) => error.into(),
            ReplayError::Publish(error) => error.into(),
            ReplayError::Ended => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<embedded::OpenError> for Error {
    fn from(error: embedded::OpenError) -> Self {
        match error {
            embedded::OpenError::Busy { .. } => Self::Unavailable(error.to_string()),
            embedded::OpenError::Unusable { .. }
            | embedded::OpenError::NotOurs { .. }
            | embedded::OpenError::Newer { .. } => Self::Denied(error.to_string()),
        }
    }
}

/// Of the file of the clients' keys.
impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::Denied(format!("gateway.keys_file: {error}"))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}
