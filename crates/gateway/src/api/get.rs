//! Shows one job, now or later.

use std::sync::Arc;

use api_keys::{BadKey, Scope};
use axum::extract::{Query, State};
use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tokio::time::Instant;

use super::prefer::Wait;
use super::{ID, PathText, answered, key, resource};
use crate::jobs::{Jobs, Known};
use crate::refusal::Refusal;
use crate::request_id::RequestId;

/// Parameters of a query, in its order.
type Parameters = Vec<(String, String)>;

pub(super) async fn get(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(shown(&jobs, path, &parameters, headers).await, &id)
}

async fn shown(
    jobs: &Jobs,
    path: PathText,
    parameters: &Parameters,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(&headers, Scope::Read)?;
    let parameter = parameters.iter().find(|(name, _)| name == "wait");
    let wait = Wait::read(&headers, parameter.map(|(_, value)| value.as_str()))?;
    let seen = Seen::read(&headers);
    // They hold the buffer of the connection, for as long as a client may wait.
    drop(headers);
    let mut known = jobs.find(&key(path, &caller)?, None, ID).await?;
    if let Some(wait) = wait {
        let _one = jobs.may_follow()?;
        known = later(jobs, known, &seen, wait).await;
        if !jobs.still_serves(&caller) {
            return Err(Refusal::BadKey(BadKey::Revoked));
        }
    }
    let mut response = match seen.has(&known) {
        true => resource::unchanged(&known),
        false => resource::respond(StatusCode::OK, &known),
    };
    wait.iter().for_each(|wait| wait.note(&mut response));
    Ok(response)
}

/// A client that has the job as it is waits for a change, and any other for its end.
async fn later(jobs: &Jobs, known: Known, seen: &Seen, wait: Wait) -> Known {
    match seen.has(&known) && !known.has_ended() {
        true => {
            let later = jobs.changed(&known, ID, Instant::now() + wait.time()).await;
            later.unwrap_or(known)
        }
        false => jobs.until_ended(known, ID, wait.time()).await,
    }
}

/// The tags of what a client has.
struct Seen(Vec<String>);

impl Seen {
    fn read(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(IF_NONE_MATCH).iter().filter_map(|text| text.to_str().ok());
        let tags = texts.flat_map(|text| text.split(',')).map(str::trim);
        Self(tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).to_owned()).collect())
    }

    /// Whether the client has the job as it is.
    fn has(&self, known: &Known) -> bool {
        let tag = resource::tag(known);
        self.0.iter().any(|one| one == "*" || *one == tag)
    }
}
