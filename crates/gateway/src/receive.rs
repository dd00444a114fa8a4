//! A callback over HTTP: its job, its body, and an immediate response.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use job::{CallbackTo, JobKey};
use tokio::sync::Semaphore;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::body::{Unread, whole};
use crate::mailbox::Mailbox;

/// What every request uses.
struct Front {
    mailbox: Mailbox,
    places: Semaphore,
}

/// The routes of callbacks.
pub(crate) fn callbacks(mailbox: Mailbox) -> Router {
    let path = format!("{}{{*address}}", job::CALLBACK_PATH);
    let places = Semaphore::new(mailbox.settings.concurrency.max(1));
    Router::new().route(&path, post(receive)).with_state(Arc::new(Front { mailbox, places }))
}

/// The status and the text of a response.
type Answer = (StatusCode, String);

/// A caller with an unknown address gets no information, and its body is not read.
async fn receive(
    State(front): State<Arc<Front>>,
    Path(address): Path<String>,
    body: Body,
) -> Answer {
    let Front { mailbox, places } = front.as_ref();
    let Some(to) = mailbox.whose(&address) else {
        return (StatusCode::NOT_FOUND, String::new());
    };
    let span = span(&to.key);
    let answer = take(mailbox, places, &to, body).instrument(span.clone()).await;
    span.record("http.response.status_code", answer.0.as_u16());
    answer
}

/// For processes that export traces (semantic conventions 1.44, HTTP server spans). The address
/// contains its own token: it is not exported.
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

/// The body is read before a place is taken: a slow sender occupies none.
async fn take(mailbox: &Mailbox, places: &Semaphore, to: &CallbackTo, body: Body) -> Answer {
    let (most, patience) = (mailbox.settings.most_bytes, mailbox.settings.body_timeout);
    let body = match whole(body, most, patience).await {
        Ok(body) => body,
        Err(why) => return unread(why),
    };
    let Ok(_place) = places.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many callbacks at once: repeat it\n".into());
    };
    match mailbox.put(to, &body).await {
        Ok(()) => (StatusCode::OK, String::new()),
        Err(error) => {
            tracing::warn!(job = %to.key, %error, "a callback was not kept");
            (StatusCode::SERVICE_UNAVAILABLE, "it cannot be kept now: repeat it\n".into())
        }
    }
}

fn unread(unread: Unread) -> Answer {
    let status = match unread {
        Unread::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Unread::NotWhole | Unread::Kind(_) => StatusCode::BAD_REQUEST,
        Unread::Slow(_) => StatusCode::REQUEST_TIMEOUT,
    };
    (status, format!("{unread}\n"))
}
