//! `/livez`, `/readyz` and, for those who know only that, `/healthz`.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::runtime::Handle;

use super::pulse::Pulse;

/// Something that must be well for a process to do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    /// Why it is not.
    pub trouble: Option<String>,
}

impl Check {
    pub fn well(name: &'static str) -> Self {
        Self { name, trouble: None }
    }

    /// Well, if there is no error.
    pub fn of<T, E: ToString>(name: &'static str, outcome: Result<T, E>) -> Self {
        Self { name, trouble: outcome.err().map(|error| error.to_string()) }
    }

    fn line(&self) -> String {
        match &self.trouble {
            None => format!("[+]{} ok\n", self.name),
            Some(trouble) => format!("[-]{} {trouble}\n", self.name),
        }
    }
}

/// Looks at everything that must be well, each time it is called.
pub type Checks = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Vec<Check>> + Send>> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Health {
    pub(super) checks: Checks,
    pub(super) pulse: Pulse,
    pub(super) runtime: Handle,
    pub(super) draining: Arc<AtomicBool>,
}

/// Less than whoever probes waits.
const PATIENCE: Duration = Duration::from_secs(3);

type Page = (StatusCode, String);

pub(super) fn pages(health: Health) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/healthz", get(ready))
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
    let trouble = draining.then(|| "it drains: nothing new is taken".to_owned());
    checks.push(Check { name: "serving", trouble });
    let lines: String = checks.iter().map(Check::line).collect();
    match checks.iter().all(|check| check.trouble.is_none()) {
        true if query.as_deref() == Some("verbose") => (StatusCode::OK, lines),
        true => (StatusCode::OK, "ok\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, lines),
    }
}

impl Health {
    /// On the roles' own runtime, where their connections live.
    async fn look(&self) -> Vec<Check> {
        let looking = self.runtime.spawn((self.checks)());
        let abort = looking.abort_handle();
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(Ok(checks)) => checks,
            Ok(Err(error)) => vec![Check::of("checks", Err::<(), _>(error))],
            Err(_) => {
                abort.abort();
                let trouble = format!("no answer within {} s", PATIENCE.as_secs());
                vec![Check { name: "checks", trouble: Some(trouble) }]
            }
        }
    }
}
