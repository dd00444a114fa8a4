//! Looking at tasks.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;

use super::gate::{Call, answer};
use crate::books::{Key, Look, Spoil};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::shape;
use crate::state::State;

const DEFAULT_PAGE_SIZE: usize = 30;
const MOST_PAGES: usize = 1_000;
const MOST_ON_A_PAGE: usize = 500;

/// `GET {create path}/{id}`: a task id or an external id.
pub(super) async fn by_path(
    operation: Operation,
    Shared(state): Shared<Arc<State>>,
    call: Call,
    Path(id): Path<String>,
) -> Response {
    match &call.entry {
        Err(refusal) => call.refuse(refusal),
        Ok(()) => look(&state, &call, operation, Key::Segment(&id)).await,
    }
}

/// `GET {create path}`: by external id, or the list.
pub(super) async fn by_parameter(
    operation: Operation,
    Shared(state): Shared<Arc<State>>,
    call: Call,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    if let Err(refusal) = &call.entry {
        return call.refuse(refusal);
    }
    if let Some(external_id) = parameters.get("external_task_id") {
        return look(&state, &call, operation, Key::ExternalId(external_id)).await;
    }
    let page = number(&parameters, "pageNum", 1, MOST_PAGES);
    let size = number(&parameters, "pageSize", DEFAULT_PAGE_SIZE, MOST_ON_A_PAGE);
    let (page, size) = match (page, size) {
        (Ok(page), Ok(size)) => (page, size),
        (Err(refusal), _) | (_, Err(refusal)) => return call.refuse(&refusal),
    };
    let views = {
        let mut books = state.books();
        let now_us = state.now_us();
        books.list(now_us, &call.settings, operation, page, size)
    };
    match views {
        None => call.refuse(&Refusal::NOT_FOUND),
        Some(views) => {
            answer(200, &shape::listed(&views, &call.shape, &state.base_url(), &call.request_id))
        }
    }
}

fn number(
    parameters: &HashMap<String, String>,
    name: &str,
    default: usize,
    most: usize,
) -> Result<usize, Refusal> {
    let Some(text) = parameters.get(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Refusal::value(format!("{name} must be from 1 to {most}")))
}

async fn look(state: &State, call: &Call, operation: Operation, key: Key<'_>) -> Response {
    let Look { found, delay } = {
        let mut books = state.books();
        let now_us = state.now_us();
        books.look(now_us, &call.settings, operation, key)
    };
    state.pause(delay).await;
    match found {
        Ok(view) => {
            answer(200, &shape::found(&view, &call.shape, &state.base_url(), &call.request_id))
        }
        Err(Spoil::NotFound) => call.refuse(&Refusal::NOT_FOUND),
        Err(Spoil::Fault(spoiled)) => call.spoil(&spoiled),
    }
}
