//! Requests that no route serves. The gateway has no clean JSON 404: it redirects or shows a page.

use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::gate::{Call, page};
use crate::refusal::Refusal;

/// A trailing slash is answered with 301, any other unknown path with an HTML page and HTTP 200.
pub(super) async fn wrong_path(uri: Uri) -> Response {
    match uri.path().strip_suffix('/') {
        Some(path) if !path.is_empty() => {
            (StatusCode::MOVED_PERMANENTLY, [(LOCATION, path.to_owned())]).into_response()
        }
        _ => page(StatusCode::OK),
    }
}

pub(super) async fn wrong_method(call: Call) -> Response {
    call.refuse(&Refusal::WRONG_METHOD)
}
