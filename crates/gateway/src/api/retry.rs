//! Has one job done again.

use std::sync::Arc;

use api_keys::Scope;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::create::note_rate;
use super::{ID, PathText, answered, key, resource};
use crate::jobs::Jobs;
use crate::refusal::Refusal;
use crate::request_id::RequestId;

pub(super) async fn retry(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(retried(&jobs, path, &headers).await, &id)
}

async fn retried(
    jobs: &Arc<Jobs>,
    path: PathText,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Submit)?;
    let key = key(path, &caller)?;
    let (known, rate) = jobs.retry(caller, &key, ID).await?;
    let mut response = resource::respond(StatusCode::ACCEPTED, &known);
    note_rate(&mut response, rate);
    Ok(response)
}
