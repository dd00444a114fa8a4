//! `/livez`, `/readyz` and, for those who know only that, `/healthz`; and `/metrics`.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::looks::Looks;
use super::pulse::Pulse;

/// Something that must be well for a process to do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub standing: Standing,
}

/// How it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Well,
    /// The process does its work, and an operator wants to know this.
    Noted(String),
    /// It cannot: not ready.
    Trouble(String),
}

impl Check {
    pub fn well(name: &'static str) -> Self {
        Self { name, standing: Standing::Well }
    }

    pub fn trouble(name: &'static str, why: Option<String>) -> Self {
        Self { name, standing: why.map_or(Standing::Well, Standing::Trouble) }
    }

    pub fn noted(name: &'static str, what: Option<String>) -> Self {
        Self { name, standing: what.map_or(Standing::Well, Standing::Noted) }
    }

    pub fn is_in_trouble(&self) -> bool {
        matches!(self.standing, Standing::Trouble(_))
    }

    /// Well, if there is no error.
    pub fn of<T, E: ToString>(name: &'static str, outcome: Result<T, E>) -> Self {
        Self::trouble(name, outcome.err().map(|error| error.to_string()))
    }

    fn line(&self) -> String {
        match &self.standing {
            Standing::Well => format!("[+]{} ok\n", self.name),
            Standing::Noted(what) => format!("[!]{} {}\n", self.name, one_line(what)),
            Standing::Trouble(why) => format!("[-]{} {}\n", self.name, one_line(why)),
        }
    }
}

/// Whatever a provider or a store has said, it cannot pose as another line.
fn one_line(text: &str) -> String {
    crate::printable_line(&text.replace('\n', " ")).into_owned()
}

/// Looks at everything that must be well, each time it is called.
pub type Checks = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Vec<Check>> + Send>> + Send + Sync>;

/// What is counted, for whoever scrapes it.
pub trait Metrics: Send + Sync + 'static {
    /// Asks for what must be asked for each time. Cut short when it takes too long.
    fn refresh(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// OpenMetrics text, or Prometheus's older format.
    fn text(&self, open: bool) -> String;
}

#[derive(Clone)]
pub(super) struct Health {
    pub(super) checks: Checks,
    pub(super) metrics: Option<Arc<dyn Metrics>>,
    pub(super) pulse: Pulse,
    pub(super) looks: Looks,
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

/// What a restart can help against; a store that is away is not among it.
async fn live(State(health): State<Health>) -> Page {
    match health.pulse.is_there() {
        true => (StatusCode::OK, "ok\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the runtime is stuck\n".to_owned()),
    }
}

async fn ready(State(health): State<Health>, RawQuery(query): RawQuery) -> Page {
    let mut checks = health.look().await;
    let draining = health.draining.load(Ordering::Relaxed);
    let why = draining.then(|| "it drains: nothing new is taken".to_owned());
    checks.push(Check::trouble("serving", why));
    let lines: String = checks.iter().map(Check::line).collect();
    let notes = checks.iter().filter(|check| matches!(check.standing, Standing::Noted(_)));
    match checks.iter().any(Check::is_in_trouble) {
        true => (StatusCode::SERVICE_UNAVAILABLE, lines),
        false if query.as_deref() == Some("verbose") => (StatusCode::OK, lines),
        false => (StatusCode::OK, format!("ok\n{}", notes.map(Check::line).collect::<String>())),
    }
}

const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Also when a store is silent: what this process counted itself is told then.
async fn metrics(State(health): State<Health>, headers: HeaderMap) -> Response {
    let Some(metrics) = health.metrics.clone() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let refreshed = metrics.clone();
    let _or_not = health.looks.take(async move { refreshed.refresh().await }).await;
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let open = accepted.is_some_and(|accepted| accepted.contains("application/openmetrics-text"));
    let kind = if open { OPEN } else { CLASSIC };
    ([(header::CONTENT_TYPE, kind)], metrics.text(open)).into_response()
}

impl Health {
    async fn look(&self) -> Vec<Check> {
        let found = self.looks.take((self.checks)()).await;
        found.unwrap_or_else(|why| vec![Check::trouble("checks", Some(why))])
    }
}
