//! Shows one job, now or later.

use std::sync::Arc;

use api_keys::Scope;
use axum::extract::{Query, State};
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::prefer::Wait;
use super::{ID, PathText, answered, key, resource};
use crate::jobs::{Jobs, Known};
use crate::refusal::Refusal;
use crate::request_id::RequestId;

#[derive(Deserialize)]
pub(super) struct Parameters {
    wait: Option<String>,
}

pub(super) async fn get(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(shown(&jobs, path, &parameters, &headers).await, &id)
}

async fn shown(
    jobs: &Jobs,
    path: PathText,
    parameters: &Parameters,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Read)?;
    let wait = Wait::read(headers, parameters.wait.as_deref())?;
    let known = jobs.find(&key(path, &caller)?, None, ID).await?;
    let known = match wait {
        Some(wait) => later(jobs, known, headers, wait).await?,
        None => known,
    };
    let mut response = match has(headers, &known) {
        true => resource::unchanged(&known),
        false => resource::respond(StatusCode::OK, &known),
    };
    wait.iter().for_each(|wait| wait.note(&mut response));
    Ok(response)
}

/// A client that has the job as it is waits for a change, and any other for its end.
async fn later(
    jobs: &Jobs,
    known: Known,
    headers: &HeaderMap,
    wait: Wait,
) -> Result<Known, Refusal> {
    match has(headers, &known) {
        true => jobs.until_changed(known, ID, wait.time()).await,
        false => jobs.until_ended(known, ID, wait.time()).await,
    }
}

/// Whether the client has the job as it is.
fn has(headers: &HeaderMap, known: &Known) -> bool {
    let tag = resource::tag(known);
    let texts = headers.get_all(IF_NONE_MATCH).iter().filter_map(|text| text.to_str().ok());
    let mut tags = texts.flat_map(|text| text.split(',')).map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
