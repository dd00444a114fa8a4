//! The body of a request, with a limit on its size and on the time that it takes.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    #[error("Content-Type must be {0}")]
    Kind(&'static str),
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

/// A form of a page cannot be sent as such a type.
pub(crate) fn is_of_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Unread> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind.eq_ignore_ascii_case(wanted) {
        true => Ok(()),
        false => Err(Unread::Kind(wanted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_type_that_is_needed() {
        let is_json = |kind: Option<&'static str>| {
            let header = kind.map(|kind| (CONTENT_TYPE, kind.parse().unwrap()));
            is_of_type(&header.into_iter().collect(), "application/json")
        };
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(is_json(Some(kind)), Ok(()), "{kind}");
        }
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("")]
        {
            assert_eq!(is_json(kind), Err(Unread::Kind("application/json")), "{kind:?}");
        }
    }
}
