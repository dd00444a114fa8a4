//! Cancels one job.

use std::sync::Arc;

use api_keys::Scope;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{ID, PathText, answered, key, resource};
use crate::jobs::Jobs;
use crate::refusal::Refusal;
use crate::request_id::RequestId;

pub(super) async fn cancel(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(cancelled(&jobs, path, &headers).await, &id)
}

/// 200 if it is cancelled, and 202 if it will be when its message comes to a worker.
async fn cancelled(
    jobs: &Arc<Jobs>,
    path: PathText,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Cancel)?;
    let known = jobs.cancel(&key(path, &caller)?, ID).await?;
    let status = match known.has_ended() {
        true => StatusCode::OK,
        false => StatusCode::ACCEPTED,
    };
    Ok(resource::respond(status, &known))
}
