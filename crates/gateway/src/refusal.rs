//! Why a request of a client is not done.

use api_keys::{BadKey, Scope};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use job::{CapPeriod, JobId, Money, NotRetried, Reason, Timestamp};
use listener::NotLocal;
use ports::LedgerError;

use crate::body::Unread;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Unread(#[from] Unread),
    #[error("the body is not a JSON object: {0}")]
    NotJson(String),
    /// A field or a parameter is wrong: its name, and why.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    #[error("{0}")]
    Invalid(Reason),
    #[error("{name} {id} belongs to another request: give this one another id")]
    Conflict { name: &'static str, id: JobId },
    #[error(
        "{0} is the id of a task here, which the provider does not know: name its file \
         (video_id, audio_id) from the result instead"
    )]
    NotTheProviders(JobId),
    #[error("there is no operation {0}")]
    UnknownPath(String),
    #[error("too many other tasks lie between those of this page: ask for tasks by their ids")]
    ListTooLong,
    #[error("an operation takes POST, and a task takes GET")]
    WrongMethod,
    #[error("only programs on this machine are served: {0}")]
    NotLocal(#[from] NotLocal),
    /// The state that it is in.
    #[error("the job is {state}: it cannot be cancelled any more, and the provider goes on")]
    TooLate { state: &'static str },
    #[error("the job is not retried: {0}")]
    NotRetried(NotRetried),
    #[error("a key is needed: Authorization: Bearer KEY")]
    NoKey,
    #[error("{0}")]
    BadKey(#[from] BadKey),
    #[error("this key does not allow to {0} jobs")]
    NotAllowed(Scope),
    #[error("this key may submit no more until {next}")]
    RateUsedUp { next: Timestamp, seconds: u64 },
    #[error(
        "this key may spend ${cap} in a {}, and ${used} are spent: no more until {until}",
        word(*.period)
    )]
    OverBudget { period: CapPeriod, cap: Money, used: Money, until: Timestamp },
    #[error("too many requests of this kind at once: send it again")]
    TooMany,
    #[error("there is no task {0}")]
    UnknownTask(String),
    #[error("the queue takes no jobs now: nothing was accepted, send it again")]
    Closed,
    #[error("it may be done in part: send the request again")]
    Unfinished,
    #[error("the state of tasks cannot be read now: send the request again")]
    Ledger(#[from] LedgerError),
    #[error("the state of tasks was not read in time: send the request again")]
    Slow,
    #[error("the state of tasks is being restored: send the request again")]
    Rebuilding,
    /// It may be accepted.
    #[error(
        "whether task {id} was accepted is not known: send its request again, with {name} {id}"
    )]
    Unknown { name: &'static str, id: JobId },
}

fn word(period: CapPeriod) -> &'static str {
    match period {
        CapPeriod::Day => "day",
        CapPeriod::Month => "month",
    }
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unread(Unread::TooLarge(_)) | Self::Invalid(Reason::TooLarge { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Unread(Unread::Slow(_)) => StatusCode::REQUEST_TIMEOUT,
            Self::Unread(Unread::NotWhole | Unread::Kind(_))
            | Self::NotJson(_)
            | Self::Field(..)
            | Self::Invalid(_)
            | Self::Conflict { .. }
            | Self::TooLate { .. }
            | Self::NotRetried(_)
            | Self::NotTheProviders(_)
            | Self::ListTooLong => StatusCode::BAD_REQUEST,
            Self::UnknownPath(_) | Self::UnknownTask(_) | Self::WrongMethod => {
                StatusCode::NOT_FOUND
            }
            Self::NoKey | Self::BadKey(_) => StatusCode::UNAUTHORIZED,
            Self::NotLocal(_) | Self::NotAllowed(_) => StatusCode::FORBIDDEN,
            Self::TooMany | Self::RateUsedUp { .. } | Self::OverBudget { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Closed | Self::Unfinished | Self::Ledger(_) | Self::Slow | Self::Rebuilding => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unknown { .. } => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// Seconds after which the same request may do better.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        if let Self::RateUsedUp { seconds, .. } = self {
            return Some((*seconds).max(1));
        }
        // A budget lasts for hours.
        match (self.status(), matches!(self, Self::TooMany)) {
            (_, true) => Some(1),
            (status, false) => status.is_server_error().then_some(5),
        }
    }

    /// With the status and the headers of this refusal.
    pub(crate) fn respond(&self, body: impl IntoResponse, request_id: &str) -> Response {
        self.log(request_id);
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// What a client did wrong is its own affair; why the ledger failed is for operators only.
    fn log(&self, request_id: &str) {
        if let Self::Ledger(error) = self {
            tracing::warn!(request_id, %error, "a client is refused");
        } else if self.status().is_server_error() {
            tracing::warn!(request_id, refusal = %self, "a client is refused");
        } else {
            tracing::debug!(request_id, refusal = %self, "a client is refused");
        }
    }
}
