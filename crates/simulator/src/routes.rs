//! The routes: Kling's below `/kling/v1/`, the simulator's own below `/_simulator/`.

mod admin;
mod create;
mod files;
mod gate;
mod helpers;
mod query;
mod stray;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::operation::Operation;
use crate::state::State;

/// Images travel as Base64 inside the body.
const BODY_LIMIT: usize = 64 << 20;

pub(crate) fn router(state: Arc<State>) -> Router {
    let mut router = Router::new();
    for operation in Operation::ALL {
        let path = operation.create_path();
        let create = post(move |state, call, body| create::create(operation, state, call, body))
            .get(move |state, call, query| query::by_parameter(operation, state, call, query));
        let look = get(move |state, call, id| query::by_path(operation, state, call, id));
        router = router.route(&path, create).route(&format!("{path}/{{id}}"), look);
    }
    helpers::routes(router)
        .merge(admin::routes())
        .merge(files::routes())
        .method_not_allowed_fallback(stray::wrong_method)
        .fallback(stray::wrong_path)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(state)
}
