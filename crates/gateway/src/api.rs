//! reelwork's own API: jobs as resources, problems as RFC 9457 has them.

mod batch;
mod cancel;
mod create;
mod cursor;
mod events;
mod get;
mod list;
mod prefer;
mod problem;
mod resource;
mod retry;
mod routes;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use job::{JobId, JobKey};

pub use self::problem::{KINDS, ProblemKind};
pub use self::resource::JobResource;
pub use self::routes::{ROUTES, Route};
use crate::callers::Caller;
use crate::jobs::Jobs;
use crate::refusal::Refusal;
use crate::request_id::RequestId;

/// What this API calls the id of a job.
const ID: &str = "id";

/// Served as it is.
const OPENAPI: &str = include_str!("../../../schemas/openapi.json");

/// Below `/api/v1/`. Any other path there is refused with a problem.
pub(crate) fn api(jobs: Arc<Jobs>) -> Router {
    let jobs_of = Router::new()
        .route("/jobs", post(create::create).get(list::list))
        .route("/jobs/{id}", get(get::get))
        .route("/jobs/{id}/cancel", post(cancel::cancel))
        .route("/jobs/{id}/retry", post(retry::retry))
        .route("/jobs/{id}/events", get(events::events))
        .route("/batches", post(batch::batch))
        .route("/openapi.json", get(openapi))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
        .with_state(jobs);
    Router::new().nest("/api/v1", jobs_of)
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn wrong_method(State(jobs): State<Arc<Jobs>>, headers: HeaderMap) -> Response {
    answered(Err(Refusal::WrongMethod), &RequestId::of(&headers, jobs.clock.as_ref()))
}

async fn unknown_path(State(jobs): State<Arc<Jobs>>, headers: HeaderMap, uri: Uri) -> Response {
    let refusal = Refusal::UnknownPath(uri.path().to_owned());
    answered(Err(refusal), &RequestId::of(&headers, jobs.clock.as_ref()))
}

/// The response, or the problem, under the name of its request.
fn answered(result: Result<Response, Refusal>, id: &RequestId) -> Response {
    let mut response = result.unwrap_or_else(|refusal| problem::respond(&refusal, id.as_str()));
    id.put_into(&mut response);
    response
}

/// `Err` if the decoded path is not UTF-8.
type PathText = Result<Path<String>, PathRejection>;

/// The job that a path names.
fn key(path: PathText, caller: &Caller) -> Result<JobKey, Refusal> {
    let Path(id) = path.map_err(|error| Refusal::UnknownPath(error.body_text()))?;
    let id = JobId::new(id.as_str()).map_err(|_| Refusal::UnknownTask(id))?;
    Ok(JobKey::new(caller.tenant.clone(), id))
}
