//! Why a request is not answered with a task, in the provider's numbers.

use axum::http::StatusCode;
use job::{JobId, Reason};
use ports::LedgerError;

use crate::body::Unread;

/// Codes and statuses: Kling's table of error codes (mirrors of its page "common information").
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Unread(#[from] Unread),
    #[error("the body is not a JSON object: {0}")]
    NotJson(String),
    #[error("{0}")]
    Field(String),
    #[error("{0}")]
    Invalid(Reason),
    #[error("external_task_id {0} belongs to another request: give this one another id")]
    Conflict(JobId),
    #[error("there is no operation {0}")]
    UnknownPath(String),
    #[error("too many other tasks lie between those of this page: ask for tasks by their ids")]
    ListTooLong,
    #[error("an operation takes POST, and a task takes GET")]
    WrongMethod,
    #[error("only programs on this machine are served: {0}")]
    NotLocal(&'static str),
    #[error("too many requests of this kind at once: send it again")]
    TooMany,
    #[error("there is no task {0}")]
    UnknownTask(String),
    #[error("the queue takes no jobs now: nothing was accepted, send it again")]
    Closed,
    #[error("the state of tasks cannot be read now: send the request again")]
    Ledger(#[from] LedgerError),
    #[error("the state of tasks was not read in time: send the request again")]
    Slow,
    #[error("the state of tasks is being restored: send the request again")]
    Rebuilding,
    /// It may be accepted.
    #[error(
        "whether task {0} was accepted is not known: send its request again, with external_task_id {0}"
    )]
    Unknown(JobId),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unread(Unread::TooLarge(_)) | Self::Invalid(Reason::TooLarge { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Unread(Unread::Slow(_)) => StatusCode::REQUEST_TIMEOUT,
            Self::Unread(Unread::NotWhole)
            | Self::NotJson(_)
            | Self::Field(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::ListTooLong => StatusCode::BAD_REQUEST,
            Self::UnknownPath(_) | Self::UnknownTask(_) | Self::WrongMethod => {
                StatusCode::NOT_FOUND
            }
            Self::NotLocal(_) => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Closed | Self::Ledger(_) | Self::Slow | Self::Rebuilding => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unknown(_) => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    pub(super) fn code(&self) -> u16 {
        match self {
            Self::Unread(_) | Self::NotJson(_) => 1200,
            Self::Field(_) | Self::Invalid(_) | Self::Conflict(_) | Self::ListTooLong => 1201,
            Self::NotLocal(_) => 1103,
            Self::TooMany => 1302,
            Self::WrongMethod => 1202,
            Self::UnknownPath(_) | Self::UnknownTask(_) => 1203,
            Self::Closed | Self::Ledger(_) | Self::Slow | Self::Rebuilding => 5001,
            Self::Unknown(_) => 5002,
        }
    }

    /// Seconds after which the same request may do better.
    pub(super) fn retry_after(&self) -> Option<u16> {
        match self {
            Self::TooMany => Some(1),
            Self::Closed | Self::Ledger(_) | Self::Slow | Self::Rebuilding | Self::Unknown(_) => {
                Some(5)
            }
            Self::Unread(_)
            | Self::NotJson(_)
            | Self::Field(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::ListTooLong
            | Self::UnknownPath(_)
            | Self::WrongMethod
            | Self::NotLocal(_)
            | Self::UnknownTask(_) => None,
        }
    }
}
