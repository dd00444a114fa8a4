//! The simulator's own routes. They need no key: the simulator is for one machine.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State as Shared};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::gate::answer;
use crate::accounts::Accounts;
use crate::settings::Settings;
use crate::state::State;

pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/livez", get("ok\n"))
        .route("/_simulator/accounts", get(accounts))
        .route("/_simulator/reset", post(reset))
        .route("/_simulator/settings", post(replace_settings))
}

async fn accounts(
    Shared(state): Shared<Arc<State>>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Json<Accounts> {
    let with_tasks = parameters.get("tasks").is_some_and(|tasks| tasks == "true");
    Json(state.accounts(with_tasks))
}

async fn reset(Shared(state): Shared<Arc<State>>) -> Response {
    state.reset();
    answer(200, &json!({"ok": true}))
}

/// Replaces all settings: a field not sent gets its default, not its former value.
async fn replace_settings(Shared(state): Shared<Arc<State>>, body: Bytes) -> Response {
    let settings: Settings = match serde_json::from_slice(&body) {
        Ok(settings) => settings,
        Err(error) => return answer(400, &json!({"error": error.to_string()})),
    };
    if let Some(problem) = settings.problem() {
        return answer(400, &json!({"error": problem}));
    }
    state.replace_settings(settings);
    answer(200, &json!({"ok": true}))
}
