//! A callback over HTTP: whose it is, what it says, and an answer at once.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use job::{CallbackTo, JobKey};
use tokio::sync::Semaphore;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::mailbox::Mailbox;

/// What every request needs.
struct Front {
    mailbox: Mailbox,
    places: Semaphore,
}

pub(crate) fn routes(mailbox: Mailbox) -> Router {
    let path = format!("{}{{*address}}", job::CALLBACK_PATH);
    let places = Semaphore::new(mailbox.settings.concurrency.max(1));
    Router::new().route(&path, post(receive)).with_state(Arc::new(Front { mailbox, places }))
}

/// Strangers learn nothing, and none of their bytes are read.
async fn receive(
    State(front): State<Arc<Front>>,
    Path(address): Path<String>,
    body: Body,
) -> StatusCode {
    let Front { mailbox, places } = front.as_ref();
    let Some(to) = mailbox.whose(&address) else {
        return StatusCode::NOT_FOUND;
    };
    let span = span(&to.key);
    let status = take(mailbox, places, &to, body).instrument(span.clone()).await;
    span.record("http.response.status_code", status.as_u16());
    status
}

/// For whoever exports traces (semantic conventions 1.44, HTTP server spans). The address in the
/// route signs itself: it is not told.
fn span(key: &JobKey) -> Span {
    tracing::info_span!(
        parent: None,
        "callback",
        otel.name = "POST /callbacks/{address}",
        otel.kind = "server",
        http.request.method = "POST",
        http.route = "/callbacks/{address}",
        http.response.status_code = Empty,
        job.id = %key.id,
    )
}

async fn take(mailbox: &Mailbox, places: &Semaphore, to: &CallbackTo, body: Body) -> StatusCode {
    let Ok(_place) = places.try_acquire() else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let reading = to_bytes(body, mailbox.settings.most_bytes);
    let body = match tokio::time::timeout(mailbox.settings.body_timeout, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    match mailbox.put(to, &body).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::warn!(job = %to.key, %error, "a callback was not kept");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
