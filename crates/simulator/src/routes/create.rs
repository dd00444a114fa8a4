//! Creating a task.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use serde_json::Value;

use super::gate::{Call, answer};
use crate::books::{Judged, Late, Submission, Verdict};
use crate::connection::ConnectionHandle;
use crate::field::{get, text};
use crate::operation::{Operation, Pool};
use crate::refusal::Refusal;
use crate::sessions::Purpose;
use crate::shape;
use crate::state::State;
use crate::task::Wish;
use crate::{marker, price, rules};

pub(super) async fn create(
    operation: Operation,
    Shared(state): Shared<Arc<State>>,
    call: Call,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match readable(&call, body) {
        Ok(body) => body,
        Err(refusal) => {
            state.books().refuse_unread();
            return call.refuse(&refusal);
        }
    };
    let submission = submission(&state, &call, operation, &body);
    let Judged { verdict, delay, wakes_callbacks } = {
        let mut books = state.books();
        let now_us = state.now_us();
        books.submit(now_us, &call.settings, submission)
    };
    if wakes_callbacks {
        state.wake_callbacks();
    }
    state.pause(delay).await;
    match verdict {
        Verdict::Created(view) => {
            answer(200, &shape::created(&view, &call.shape, &call.request_id))
        }
        Verdict::Refused(refusal) => call.refuse(&refusal),
        Verdict::Spoiled(spoiled) => call.spoil(&spoiled),
        Verdict::Late(after, late) => {
            tokio::spawn(create_late(state, after, late));
            call.cut(ConnectionHandle::close)
        }
    }
}

fn readable(call: &Call, body: Result<Bytes, BytesRejection>) -> Result<Value, Refusal> {
    call.entry.clone()?;
    let bytes = body.map_err(|_| Refusal::NOT_JSON)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| Refusal::NOT_JSON)?;
    if value.is_object() { Ok(value) } else { Err(Refusal::NOT_JSON) }
}

fn submission(state: &State, call: &Call, operation: Operation, body: &Value) -> Submission {
    let checked = rules::check(operation, body, &call.settings)
        .and_then(|()| check_session(state, operation, body));
    let pictures = match operation {
        Operation::Generations | Operation::Expand => price::count(body),
        _ => 1,
    };
    Submission {
        operation,
        marker: marker::of(operation.name(), body),
        external_id: text(body, "external_task_id").filter(|id| !id.is_empty()).map(str::to_owned),
        charge: price::of(operation, body),
        slots: if operation.pool() == Pool::Images { pictures as u32 } else { 1 },
        wish: wish(operation, body, pictures as u32),
        checked,
    }
}

fn check_session(state: &State, operation: Operation, body: &Value) -> Result<(), Refusal> {
    let purpose = match operation {
        Operation::MultiElements => Purpose::Selection,
        Operation::AdvancedLipSync => Purpose::Faces,
        _ => return Ok(()),
    };
    state.sessions().check(text(body, "session_id").unwrap_or_default(), purpose)
}

fn wish(operation: Operation, body: &Value, pictures: u32) -> Wish {
    let parent = ["video_id", "video_url", "input.video_id", "input.video_url"];
    let duration_of = if operation == Operation::Effects { get(body, "input") } else { Some(body) };
    Wish {
        model: text(body, "model_name").unwrap_or(price::default_model(operation)).to_owned(),
        pictures,
        seconds: duration_of.map_or(5, price::seconds) as u32,
        watermark: get(body, "watermark_info.enabled").and_then(Value::as_bool),
        session_id: (operation == Operation::MultiElements)
            .then(|| text(body, "session_id").unwrap_or_default().to_owned()),
        parent_video: parent.into_iter().find_map(|name| text(body, name)).map(str::to_owned),
        callback_url: text(body, "callback_url").filter(|url| !url.is_empty()).map(str::to_owned),
    }
}

async fn create_late(state: Arc<State>, after: Duration, late: Box<Late>) {
    if !state.pause(after).await {
        return;
    }
    let settings = state.settings();
    let wakes_callbacks = {
        let mut books = state.books();
        let now_us = state.now_us();
        books.submit_late(now_us, &settings, late)
    };
    if wakes_callbacks {
        state.wake_callbacks();
    }
}
