use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::console::Console;
use crate::refusal::Refusal;
use crate::{configuration, costs, doubt, guard, job, jobs, letters, login, overview, pauses};

const STYLE: &str = include_str!("assets/console.css");
const SCRIPT: &str = include_str!("assets/console.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Below `/console`.
pub fn routes(console: Arc<Console>) -> Router {
    let login = get(login::form).post(login::log_in).layer(middleware::from_fn(guard::soon));
    Router::new()
        .route("/console", get(overview::page))
        .route("/console/", get(async || Redirect::to("/console")))
        .route("/console/login", login)
        .route("/console/logout", post(login::log_out))
        .route("/console/search", get(jobs::search))
        .route("/console/jobs", get(jobs::page))
        .route("/console/jobs/confirm", post(jobs::confirm))
        .route("/console/jobs/done", post(jobs::done))
        .route("/console/job", get(job::page))
        .route("/console/job/cancel", post(job::cancel))
        .route("/console/job/retry", post(job::retry))
        .route("/console/dead", get(letters::page))
        .route("/console/dead/confirm", post(letters::confirm))
        .route("/console/dead/done", post(letters::done))
        .route("/console/doubt", get(doubt::page).post(doubt::settle))
        .route("/console/pauses", get(pauses::page).post(pauses::pause))
        .route("/console/pauses/resume", post(pauses::resume))
        .route("/console/costs", get(costs::page))
        .route("/console/configuration", get(configuration::page))
        .route("/console/assets/console.css", get(async || asset("text/css", STYLE)))
        .route("/console/assets/console.js", get(async || asset("text/javascript", SCRIPT)))
        .route("/console/assets/icon.svg", get(async || asset("image/svg+xml", ICON)))
        .route("/console/{*rest}", get(unknown))
        .layer(middleware::from_fn(guard::headers))
        .with_state(console)
}

async fn unknown(uri: Uri) -> Refusal {
    Refusal::NotFound(format!("there is no page {}", uri.path()))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=300")];
    (StatusCode::OK, headers, text).into_response()
}
