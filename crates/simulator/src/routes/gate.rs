//! What every API request passes first: its key and its shape.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::connection::ConnectionHandle;
use crate::fault::Spoiled;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::shape::{self, Shape};
use crate::state::State;

/// One API request, apart from its path and body.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) settings: Arc<Settings>,
    pub(super) shape: Shape,
    pub(super) request_id: String,
    /// Whether it may be served at all.
    pub(super) entry: Result<(), Refusal>,
    wire: Option<ConnectionHandle>,
}

impl FromRequestParts<Arc<State>> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Call, Infallible> {
        let settings = state.settings();
        let (shape, shape_problem) = shape_of(&settings, &parts.headers);
        let mut entry = authorize(&settings, &parts.headers);
        if entry.is_err() {
            state.books().count_unauthorized();
        } else if let Some(problem) = shape_problem {
            entry = Err(Refusal::value(format!("{}: {problem}", shape::HEADER)));
        }
        let wire = parts
            .extensions
            .get()
            .map(|ConnectInfo(wire): &ConnectInfo<ConnectionHandle>| wire.clone());
        Ok(Call { settings, shape, request_id: state.request_id(), entry, wire })
    }
}

fn shape_of(settings: &Settings, headers: &HeaderMap) -> (Shape, Option<String>) {
    let Some(header) = headers.get(shape::HEADER) else {
        return (settings.shape, None);
    };
    let changed = header.to_str().map_err(|error| error.to_string());
    match changed.and_then(|header| settings.shape.changed_by(header)) {
        Ok(shape) => (shape, None),
        Err(problem) => (settings.shape, Some(problem)),
    }
}

fn authorize(settings: &Settings, headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Err(Refusal::NO_KEY);
    };
    let key = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
    let key = key.map(str::trim).filter(|key| !key.is_empty()).ok_or(Refusal::WRONG_KEY)?;
    let known = &settings.api_keys;
    if known.is_empty() || known.iter().any(|secret| secret.expose() == key) {
        Ok(())
    } else {
        Err(Refusal::WRONG_KEY)
    }
}

impl Call {
    pub(super) fn refuse(&self, refusal: &Refusal) -> Response {
        let (http, body) = shape::refused(refusal, &self.shape, &self.request_id);
        let mut response = answer(http, &body);
        if let Some(seconds) = refusal.retry_after_s {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    /// What a fault sends in place of an answer.
    pub(super) fn spoil(&self, spoiled: &Spoiled) -> Response {
        match spoiled {
            Spoiled::Refusal(refusal) => self.refuse(refusal),
            Spoiled::Html => page(StatusCode::OK),
            Spoiled::Page(status) => {
                page(StatusCode::from_u16(*status).unwrap_or(StatusCode::FORBIDDEN))
            }
            Spoiled::NoTaskId => {
                answer(200, &shape::without_task_id(&self.shape, &self.request_id))
            }
            Spoiled::Closed => self.cut(ConnectionHandle::close),
            Spoiled::Reset => self.cut(ConnectionHandle::reset),
        }
    }

    /// Ends the connection: the empty answer returned here is never written.
    pub(super) fn cut(&self, how: impl Fn(&ConnectionHandle)) -> Response {
        if let Some(wire) = &self.wire {
            how(wire);
        }
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// A JSON answer.
pub(super) fn answer(http: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// The page that the gateway shows for everything it does not know.
pub(super) fn page(status: StatusCode) -> Response {
    const PAGE: &str = "<!doctype html><html><head><title>API</title></head><body></body></html>";
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response()
}
