//! The provider's API, answered by reelwork: a client of Kling changes only the address.

mod answer;
mod code;
mod list;
mod path;
mod query;
mod submit;

use std::sync::Arc;

use api_keys::Scope;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::routing::get;
use job::ProviderTask;

use self::answer::answer;
use self::list::Parameters;
use self::path::Asked;
use crate::callers::Caller;
use crate::jobs::Jobs;
use crate::refusal::Refusal;
use crate::request_id::RequestId;

/// In front of an operation. CometAPI's clients send to the first, Kling's to the second.
const PREFIXES: [&str; 2] = ["/kling/v1/", "/v1/"];

/// Its routes: each operation below both prefixes. Any other path is refused in the same words.
pub(crate) fn kling_api(jobs: Arc<Jobs>) -> Router {
    let router = PREFIXES.iter().fold(Router::new(), |router, prefix| {
        let methods = get(query).post(submit).fallback(other);
        router.route(&format!("{prefix}{{*path}}"), methods)
    });
    router.fallback(other).with_state(jobs)
}

/// `Err` if the decoded path is not UTF-8.
type PathText = Result<Path<String>, PathRejection>;

async fn submit(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    let submitting = async { submit::submit(&jobs, &text(path)?, &headers, body).await };
    answer(submitting.await, &id)
}

async fn query(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    match read(&jobs, path, &headers) {
        Ok((caller, Asked::Task(operation, job))) => {
            answer(query::query(&jobs, caller, &operation, job).await, &id)
        }
        Ok((caller, Asked::List(operation))) => {
            answer(list::list(&jobs, caller, operation, &parameters).await, &id)
        }
        Err(refusal) => answer(Err::<ProviderTask, _>(refusal), &id),
    }
}

fn read(jobs: &Jobs, path: PathText, headers: &HeaderMap) -> Result<(Caller, Asked), Refusal> {
    let caller = jobs.identify(headers, Scope::Read)?;
    Ok((caller, path::asked(&text(path)?)?))
}

async fn other(
    State(jobs): State<Arc<Jobs>>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    let refusal = match method == Method::GET || method == Method::POST {
        true => Refusal::UnknownPath(uri.path().to_owned()),
        false => Refusal::WrongMethod,
    };
    answer(Err::<ProviderTask, _>(refusal), &id)
}

fn text(path: PathText) -> Result<String, Refusal> {
    path.map(|Path(path)| path).map_err(|error| Refusal::UnknownPath(error.body_text()))
}
