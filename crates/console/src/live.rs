//! Pages that are kept up to date: their content is sent again whenever it has changed.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use maud::Markup;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep};

use crate::console::Console;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// How often the content is made again.
const EACH: Duration = Duration::from_secs(2);

/// Proxies close a connection on which nothing comes for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A browser comes back for more.
const LONGEST: Duration = Duration::from_secs(600);

/// The page, or its content from now on if the browser asks for events. `content` is the same for both.
pub(crate) async fn shown<F>(
    console: Arc<Console>,
    headers: &HeaderMap,
    page: &Page<'_>,
    content: impl Fn(Arc<Console>) -> F + Send + 'static,
) -> Result<Response, Refusal>
where
    F: Future<Output = Result<Markup, Refusal>> + Send + 'static,
{
    let first = content(console.clone()).await?;
    if !asks_for_events(headers) {
        return Ok(page.with(&first).into_response());
    }
    let Ok(one) = console.live.clone().try_acquire_owned() else {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let follower = Follower {
        console,
        headers: headers.clone(),
        until: Instant::now() + LONGEST,
        last: String::new(),
        _one: one,
    };
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(changes(follower, content)).keep_alive(alive).into_response())
}

fn asks_for_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.starts_with("text/event-stream"))
}

/// A browser that follows a page.
struct Follower {
    console: Arc<Console>,
    /// With what it has shown: its key may be revoked.
    headers: HeaderMap,
    until: Instant,
    last: String,
    _one: OwnedSemaphorePermit,
}

/// Ends when the content cannot be made any more: the browser then asks for it again.
fn changes<F>(
    follower: Follower,
    content: impl Fn(Arc<Console>) -> F + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>>
where
    F: Future<Output = Result<Markup, Refusal>> + Send,
{
    stream::unfold((follower, content), |(mut follower, content)| async move {
        loop {
            if !follower.is_served() {
                return None;
            }
            let html = content(follower.console.clone()).await.ok()?.into_string();
            if html != follower.last {
                follower.last.clone_from(&html);
                return Some((Ok(Event::default().data(html)), (follower, content)));
            }
            if !follower.waits().await {
                return None;
            }
        }
    })
}

impl Follower {
    fn is_served(&self) -> bool {
        Instant::now() < self.until && Visitor::of(&self.console, &self.headers).is_ok()
    }

    /// `false`: the console is drained.
    async fn waits(&self) -> bool {
        tokio::select! {
            () = self.console.draining.cancelled() => false,
            () = sleep(EACH) => true,
        }
    }
}
