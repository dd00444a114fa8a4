//! Result files: short ones that players understand, the same for every task.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::state::State;

const VIDEO: &[u8] = include_bytes!("../samples/sample.mp4");
const IMAGE: &[u8] = include_bytes!("../samples/sample.png");
const SOUND: &[u8] = include_bytes!("../samples/sample.mp3");
const WAVE: &[u8] = include_bytes!("../samples/sample.wav");

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route("/_simulator/files/{name}", get(file))
}

async fn file(Path(name): Path<String>) -> Response {
    let kind = name.rsplit_once('.').map(|(_, kind)| kind);
    let (content_type, bytes) = match kind {
        Some("mp4") => ("video/mp4", VIDEO),
        Some("png") => ("image/png", IMAGE),
        Some("mp3") => ("audio/mpeg", SOUND),
        Some("wav") => ("audio/wav", WAVE),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(CONTENT_TYPE, content_type)], bytes).into_response()
}
