//! The body of a request, with a limit on its size and on the time that it takes.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    #[error("a body may have {0} bytes")]
    TooLarge(usize),
    #[error("the body is not whole")]
    NotWhole,
    #[error("the body took more than {} s", .0.as_secs())]
    Slow(Duration),
}

/// A caller that sends its body more slowly than `patience` is refused.
pub(crate) async fn whole(body: Body, most: usize, patience: Duration) -> Result<Bytes, Unread> {
    match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge(most)),
        Ok(Err(_)) => Err(Unread::NotWhole),
        Err(_) => Err(Unread::Slow(patience)),
    }
}
