//! Submits one job a line.

use std::sync::Arc;

use api_keys::Scope;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use job::MAX_MESSAGE_BYTES;
use serde::Serialize;

use super::create::{HEADER_NAME, IDEMPOTENCY_KEY, Named, WEBHOOK_URL};
use super::problem::Problem;
use super::resource::JobResource;
use super::{ID, answered};
use crate::body::{is_of_type, whole};
use crate::callers::Caller;
use crate::jobs::{Accepted, Asking, Held, Jobs};
use crate::refusal::Refusal;
use crate::request_id::RequestId;

const JSON_LINES: &str = "application/jsonl";

/// Lines of one batch.
const MOST_LINES: usize = 1_000;

/// Jobs that are published at once.
const TOGETHER: usize = 16;

/// What became of a line, counted from 1.
#[derive(Serialize)]
struct Line<'a> {
    line: usize,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobResource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem<'a>>,
}

pub(super) async fn batch(
    State(jobs): State<Arc<Jobs>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(submitted(&jobs, &headers, body, &id).await, &id)
}

/// Each line stands for itself: an invalid one is answered as such, and the others are done.
async fn submitted(
    jobs: &Arc<Jobs>,
    headers: &HeaderMap,
    body: Body,
    id: &RequestId,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Submit)?;
    is_of_type(headers, JSON_LINES)?;
    // It would name one of many jobs.
    if headers.contains_key(IDEMPOTENCY_KEY) {
        let why = "a batch takes none: give each line an id".to_owned();
        return Err(Refusal::Field(HEADER_NAME, why));
    }
    let room = Arc::new(jobs.room.take(&body)?);
    let body = whole(body, MAX_MESSAGE_BYTES, jobs.settings.body_timeout).await?;
    let lines = lines(&body)?;
    let one = |(number, line)| {
        let (caller, room) = (caller.clone(), room.clone());
        async move { told(number, submit(jobs, caller, line, room).await, id.as_str()) }
    };
    let answers = stream::iter(lines).map(one).buffered(TOGETHER);
    let text: String = answers.collect::<Vec<_>>().await.concat();
    Ok(([(CONTENT_TYPE, JSON_LINES)], text).into_response())
}

/// With their numbers. Empty lines are passed over.
fn lines(body: &Bytes) -> Result<Vec<(usize, Bytes)>, Refusal> {
    let numbered = (1..).zip(body.split(|byte| *byte == b'\n'));
    let full = numbered.filter(|(_, line)| !line.trim_ascii().is_empty());
    let lines: Vec<_> = full.map(|(number, line)| (number, body.slice_ref(line))).collect();
    match lines.len() {
        0..=MOST_LINES => Ok(lines),
        _ => Err(Refusal::Field("body", format!("a batch has at most {MOST_LINES} lines"))),
    }
}

async fn submit(
    jobs: &Arc<Jobs>,
    caller: Caller,
    line: Bytes,
    room: Held,
) -> Result<Accepted, Refusal> {
    let named = Named::of(&line, None)?;
    let job = named.job(&caller, jobs)?;
    jobs.may_call(&job, WEBHOOK_URL)?;
    jobs.accept(Asking { job, caller, named_in: named.named_in, name: ID }, room).await
}

fn told(line: usize, result: Result<Accepted, Refusal>, request_id: &str) -> String {
    let told = match &result {
        Ok(accepted) => {
            let status = if accepted.known.has_ended() { 200 } else { 202 };
            let job = Some(JobResource::brief(&accepted.known));
            Line { line, status, job, problem: None }
        }
        Err(refusal) => {
            let problem = Problem::of(refusal, request_id);
            Line { line, status: problem.status(), job: None, problem: Some(problem) }
        }
    };
    let mut text = serde_json::to_string(&told).unwrap_or_default();
    text.push('\n');
    text
}
