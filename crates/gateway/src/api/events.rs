//! Sends each state of a job as a server-sent event.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api_keys::Scope;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{ID, PathText, answered, key, resource};
use crate::callers::Caller;
use crate::jobs::{Jobs, Known};
use crate::refusal::Refusal;
use crate::request_id::RequestId;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Proxies close a connection on which nothing comes for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A client comes back within this time after a disconnection.
const COME_BACK: Duration = Duration::from_secs(2);

/// How long one stream lasts; the client comes back for more.
const LONGEST: Duration = Duration::from_secs(3600);

pub(super) async fn events(
    State(jobs): State<Arc<Jobs>>,
    path: PathText,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(followed(jobs, path, &headers).await, &id)
}

async fn followed(
    jobs: Arc<Jobs>,
    path: PathText,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Read)?;
    let known = jobs.find(&key(path, &caller)?, None, ID).await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    if known.has_ended() && last.as_ref() == Some(&id(&known)) {
        // It tells the client not to come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let one = jobs.may_follow()?;
    let follower = Follower { jobs, caller, until: Instant::now() + LONGEST, _one: one };
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(states(follower, known, last)).keep_alive(alive).into_response())
}

/// A client that follows a job.
struct Follower {
    jobs: Arc<Jobs>,
    caller: Caller,
    until: Instant,
    _one: OwnedSemaphorePermit,
}

/// What comes next on a stream.
enum Next {
    /// This state.
    Show(Known),
    /// The state after this one.
    After(Known),
    End,
}

/// The present state, unless the client has it, and each later one until the job has ended.
fn states(
    follower: Follower,
    known: Known,
    last: Option<String>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let first = match last.is_some_and(|last| last == id(&known)) {
        false => Next::Show(known),
        true => Next::After(known),
    };
    stream::unfold((follower, first), |(follower, mut next)| async move {
        loop {
            next = match next {
                Next::Show(known) => {
                    let event = event(&known);
                    let then = if known.has_ended() { Next::End } else { Next::After(known) };
                    return Some((Ok(event), (follower, then)));
                }
                Next::After(known) => follower.later(known).await,
                Next::End => return None,
            };
        }
    })
}

impl Follower {
    /// The stream ends if the job cannot be read, its time is over, the key was taken back, or the
    /// gateway drains: the client comes back.
    async fn later(&self, known: Known) -> Next {
        match self.jobs.changed(&known, ID, self.until).await {
            Some(_) if !self.jobs.still_serves(&self.caller) => Next::End,
            Some(later) if id(&later) != id(&known) => Next::Show(later),
            Some(later) => Next::After(later),
            None => Next::End,
        }
    }
}

/// The tag without its quotes.
fn id(known: &Known) -> String {
    resource::tag(known).trim_matches('"').to_owned()
}

fn event(known: &Known) -> Event {
    let event = Event::default().event("state").id(id(known)).retry(COME_BACK);
    event.json_data(resource::JobResource::of(known)).unwrap_or_default()
}
