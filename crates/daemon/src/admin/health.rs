//! The pages `/livez`, `/readyz`, `/healthz` (the same as `/readyz`) and `/metrics`.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::bounded_calls::BoundedCalls;
use super::liveness::Liveness;

/// The result of one readiness check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Well,
    /// The process does its work; an operator should know this.
    Noted(String),
    /// The process cannot do its work: it is not ready.
    Failing(String),
}

impl Check {
    pub fn well(name: &'static str) -> Self {
        Self { name, standing: Standing::Well }
    }

    pub fn failing(name: &'static str, why: Option<String>) -> Self {
        Self { name, standing: why.map_or(Standing::Well, Standing::Failing) }
    }

    pub fn noted(name: &'static str, what: Option<String>) -> Self {
        Self { name, standing: what.map_or(Standing::Well, Standing::Noted) }
    }

    pub fn is_failing(&self) -> bool {
        matches!(self.standing, Standing::Failing(_))
    }

    /// Well, if there is no error.
    pub fn of<T, E: ToString>(name: &'static str, outcome: Result<T, E>) -> Self {
        Self::failing(name, outcome.err().map(|error| error.to_string()))
    }

    fn line(&self) -> String {
        match &self.standing {
            Standing::Well => format!("[+]{} ok\n", self.name),
            Standing::Noted(what) => format!("[!]{} {}\n", self.name, one_line(what)),
            Standing::Failing(why) => format!("[-]{} {}\n", self.name, one_line(why)),
        }
    }
}

/// Text from a provider or a store cannot begin another line.
fn one_line(text: &str) -> String {
    crate::printable_line(&text.replace('\n', " ")).into_owned()
}

/// Runs all checks, each time it is called.
pub type Checks = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Vec<Check>> + Send>> + Send + Sync>;

/// The metrics of the process.
pub trait Metrics: Send + Sync + 'static {
    /// Updates the metrics that come from a store. Aborted when it takes too long.
    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// OpenMetrics text, or Prometheus's older format.
    fn text(&self, open: bool) -> String;
}

#[derive(Clone)]
pub(super) struct Health {
    pub(super) checks: Checks,
    pub(super) metrics: Option<Arc<dyn Metrics>>,
    pub(super) liveness: Liveness,
    pub(super) calls: BoundedCalls,
    pub(super) draining: Arc<AtomicBool>,
}

type Page = (StatusCode, String);

pub(super) fn pages(health: Health) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/healthz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// Fails only where a restart helps; an unreachable store is no such case.
async fn live(State(health): State<Health>) -> Page {
    match health.liveness.is_alive() {
        true => (StatusCode::OK, "ok\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the runtime is stuck\n".to_owned()),
    }
}

async fn ready(State(health): State<Health>, RawQuery(query): RawQuery) -> Page {
    let mut checks = health.check().await;
    let draining = health.draining.load(Ordering::Relaxed);
    let why = draining.then(|| "it drains: nothing new is taken".to_owned());
    checks.push(Check::failing("serving", why));
    let lines: String = checks.iter().map(Check::line).collect();
    let notes = checks.iter().filter(|check| matches!(check.standing, Standing::Noted(_)));
    match checks.iter().any(Check::is_failing) {
        true => (StatusCode::SERVICE_UNAVAILABLE, lines),
        false if query.as_deref() == Some("verbose") => (StatusCode::OK, lines),
        false => (StatusCode::OK, format!("ok\n{}", notes.map(Check::line).collect::<String>())),
    }
}

const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Without an answer from a store, it still has what this process counted itself.
async fn metrics(State(health): State<Health>, headers: HeaderMap) -> Response {
    let Some(metrics) = health.metrics.clone() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let refreshed = metrics.clone();
    let _or_not = health.calls.run(async move { refreshed.refresh().await }).await;
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let open = accepted.is_some_and(|accepted| accepted.contains("application/openmetrics-text"));
    let kind = if open { OPEN } else { CLASSIC };
    ([(header::CONTENT_TYPE, kind)], metrics.text(open)).into_response()
}

impl Health {
    async fn check(&self) -> Vec<Check> {
        let found = self.calls.run((self.checks)()).await;
        found.unwrap_or_else(|why| vec![Check::failing("checks", Some(why))])
    }
}
