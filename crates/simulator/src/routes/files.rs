//! Result files: a few hundred bytes with the header of the real format.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::state::State;

const SIZE: usize = 256;

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new().route("/_simulator/files/{name}", get(file))
}

async fn file(Path(name): Path<String>) -> Response {
    let kind = name.rsplit_once('.').map(|(_, kind)| kind);
    let (content_type, start): (_, &[u8]) = match kind {
        Some("mp4") => ("video/mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"),
        Some("png") => ("image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
        Some("mp3") => ("audio/mpeg", b"ID3\x04\x00\x00"),
        Some("wav") => ("audio/wav", b"RIFF\xf8\x00\x00\x00WAVEfmt "),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut bytes = start.to_vec();
    bytes.resize(SIZE, 0);
    ([(CONTENT_TYPE, content_type)], bytes).into_response()
}
