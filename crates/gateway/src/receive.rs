//! A callback over HTTP: whose it is, what it says, and an answer at once.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;

use crate::keep::keep;
use crate::shared::Shared;

/// A longer one is nobody's: ids seen so far have 18 to 40 signs.
const MOST_ID_BYTES: usize = 200;

pub(crate) fn routes(shared: Arc<Shared>) -> Router {
    let path = format!("{}{{*address}}", job::CALLBACK_PATH);
    Router::new().route(&path, post(receive)).with_state(shared)
}

/// Strangers learn nothing, and none of their bytes are read.
async fn receive(
    State(shared): State<Arc<Shared>>,
    Path(address): Path<String>,
    body: Body,
) -> StatusCode {
    let Ok(to) = shared.settings.signer.read(&address) else {
        return StatusCode::NOT_FOUND;
    };
    let Ok(_place) = shared.places.try_acquire() else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let reading = to_bytes(body, shared.settings.most_bytes);
    let body = match tokio::time::timeout(shared.settings.body_timeout, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    // A body that cannot be read still tells that something has changed.
    let task_id = kling::decode_callback(&body).ok().and_then(|task| task.task_id);
    let task_id = task_id.as_deref().filter(|id| is_plausible(id));
    match keep(&shared, &to, task_id).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::warn!(job = %to.key, %error, "a callback was not kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn is_plausible(id: &str) -> bool {
    (1..=MOST_ID_BYTES).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic())
}
