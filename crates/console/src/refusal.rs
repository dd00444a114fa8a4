//! Why a page is not shown, or an action not done.

use api_keys::BadKey;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use job::NotRetried;
use listener::NotLocal;
use operator::{PauseError, Unseen};
use ports::{BrokerError, LedgerError};

use crate::document;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("log in first")]
    LogIn,
    #[error("{0}")]
    BadKey(BadKey),
    #[error("this key has neither the scope view nor operate")]
    NotOfConsole,
    #[error("this key may see, and change nothing: it lacks the scope operate")]
    OnlyViewer,
    #[error("the request was not sent by a page of this console")]
    OtherSite,
    #[error("only browsers on this machine are served: {0}")]
    NotLocal(#[from] NotLocal),
    #[error("{0}")]
    NotFound(String),
    /// A form or an address that no page of the console has sent.
    #[error("{0}")]
    Bad(String),
    #[error("the job is {0}: it cannot be cancelled any more, and the provider goes on")]
    TooLate(&'static str),
    #[error("the job is not retried: {0}")]
    NotRetried(NotRetried),
    #[error("the action was cut off: look at what came of it, and repeat it")]
    Cut,
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Broker(#[from] BrokerError),
    #[error("{0}")]
    Operator(#[from] operator::Error),
    #[error("{0}")]
    Pause(PauseError),
}

impl From<Unseen> for Refusal {
    fn from(error: Unseen) -> Self {
        match error {
            Unseen::Ledger(error) => Self::Ledger(error),
            Unseen::Broker(error) => Self::Broker(error),
        }
    }
}

impl From<PauseError> for Refusal {
    fn from(error: PauseError) -> Self {
        match error {
            PauseError::Ledger(error) => Self::Ledger(error),
            error @ (PauseError::Reason
            | PauseError::Ended { .. }
            | PauseError::UnknownOperation(_)
            | PauseError::TooMany { .. }
            | PauseError::NotPaused { .. }) => Self::Pause(error),
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::LogIn => StatusCode::SEE_OTHER,
            Self::BadKey(_) => StatusCode::UNAUTHORIZED,
            Self::NotOfConsole | Self::OnlyViewer | Self::OtherSite | Self::NotLocal(_) => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Pause(_) | Self::TooLate(_) | Self::NotRetried(_) => StatusCode::CONFLICT,
            Self::Cut => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Ledger(_) | Self::Broker(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Operator(error) => status_of(error),
        }
    }
}

fn status_of(error: &operator::Error) -> StatusCode {
    use operator::Error;
    match error {
        Error::Unknown(_) => StatusCode::NOT_FOUND,
        Error::Ledger(_) | Error::Broker(_) | Error::Rebuilding | Error::Unjournaled(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::NotInDoubt { .. }
        | Error::NotATask { .. }
        | Error::OthersTask { .. }
        | Error::AccountNotKnown { .. }
        | Error::Illegal(_) => StatusCode::CONFLICT,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        if matches!(self, Self::LogIn) {
            return (status, [(LOCATION, "/console/login")]).into_response();
        }
        (status, document::message(status, &self.to_string())).into_response()
    }
}
