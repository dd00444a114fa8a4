//! A callback over HTTP: whose it is, what it says, and an answer at once.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use http_body_util::{BodyExt, LengthLimitError, Limited};
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

/// What the caller is told, beside the status.
type Answer = (StatusCode, String);

/// Strangers learn nothing, and none of their bytes are read.
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

/// Read before a place is taken: who sends slowly keeps nobody from one.
async fn take(mailbox: &Mailbox, places: &Semaphore, to: &CallbackTo, body: Body) -> Answer {
    let body = match whole(mailbox, body).await {
        Ok(body) => body,
        Err(answer) => return answer,
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

async fn whole(mailbox: &Mailbox, body: Body) -> Result<Bytes, Answer> {
    let (most, patience) = (mailbox.settings.most_bytes, mailbox.settings.body_timeout);
    match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, format!("a body may have {most} bytes\n")))
        }
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body is not whole\n".into())),
        Err(_) => {
            let seconds = patience.as_secs();
            Err((StatusCode::REQUEST_TIMEOUT, format!("the body took more than {seconds} s\n")))
        }
    }
}
