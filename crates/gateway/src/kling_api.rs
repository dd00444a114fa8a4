//! The provider's API, answered by reelwork: a client of Kling changes only the address.

mod answer;
mod list;
mod local;
mod parent;
mod path;
mod query;
mod refusal;
mod room;
mod submit;
mod task;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::routing::get;
use job::{MAX_MESSAGE_BYTES, Operation, Tenant};
use ports::{Broker, Clock, Ledger, LedgerError};
use producer::{Producer, Slots};
use recorder::{Phase, Session};
use tokio::sync::Semaphore;

use self::answer::{RequestId, answer};
use self::list::{Parameters, Wanted};
use self::path::Asked;
use self::refusal::Refusal;
use self::room::Room;
use self::task::Task;

/// In front of an operation. CometAPI's clients send to the first, Kling's to the second.
const PREFIXES: [&str; 2] = ["/kling/v1/", "/v1/"];

#[derive(Clone, Debug)]
pub struct KlingApiSettings {
    /// Whose jobs they are.
    pub tenant: Tenant,
    /// The slots of the workers' configuration: a job that needs more is refused.
    pub slots: Slots,
    /// How long an accepted job is remembered if no worker records it.
    pub keep_for: Duration,
    /// A caller that sends its body more slowly is refused.
    pub body_timeout: Duration,
    /// Bytes of bodies that are in memory at once; a request that finds no room is refused.
    pub room: usize,
    /// If the ledger is slower, the request is refused and may be repeated.
    pub ledger_timeout: Duration,
}

impl KlingApiSettings {
    pub fn new(keep_for: Duration) -> Self {
        Self {
            tenant: Tenant::default(),
            slots: Slots::default(),
            keep_for,
            body_timeout: Duration::from_secs(10),
            room: 4 * MAX_MESSAGE_BYTES,
            ledger_timeout: Duration::from_secs(2),
        }
    }
}

/// Accepts jobs and answers queries in the provider's words.
pub struct KlingApi {
    ledger: Arc<dyn Ledger>,
    broker: Arc<dyn Broker>,
    producer: Producer,
    session: Arc<Session>,
    clock: Arc<dyn Clock>,
    room: Room,
    lists: Semaphore,
    settings: KlingApiSettings,
}

impl KlingApi {
    pub fn new(
        ledger: Arc<dyn Ledger>,
        broker: Arc<dyn Broker>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: KlingApiSettings,
    ) -> Self {
        let producer = Producer::new(broker.clone()).within(settings.slots);
        let room = Room::new(settings.room);
        let lists = Semaphore::new(list::AT_ONCE);
        Self { ledger, broker, producer, session, clock, room, lists, settings }
    }

    /// Waits for the ledger as long as a client may wait.
    async fn ask<T>(
        &self,
        asking: impl Future<Output = Result<T, LedgerError>>,
    ) -> Result<T, Refusal> {
        match tokio::time::timeout(self.settings.ledger_timeout, asking).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Refusal::Slow),
        }
    }

    /// While the ledger is compared with the journal, what it does not have may exist.
    fn is_complete(&self) -> Result<(), Refusal> {
        match self.session.phase() {
            Phase::Rebuilding => Err(Refusal::Rebuilding),
            Phase::Closed | Phase::Recalling | Phase::Open => Ok(()),
        }
    }
}

/// Its routes: each operation below both prefixes. Any other path is refused in the same words.
pub(crate) fn kling_api(api: KlingApi) -> Router {
    let router = PREFIXES.iter().fold(Router::new(), |router, prefix| {
        let methods = get(query).post(submit).fallback(other);
        router.route(&format!("{prefix}{{*path}}"), methods)
    });
    router.fallback(other).with_state(Arc::new(api))
}

/// `Err` if the decoded path is not UTF-8.
type PathText = Result<Path<String>, PathRejection>;

async fn submit(
    State(api): State<Arc<KlingApi>>,
    path: PathText,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let id = RequestId::of(&headers, api.clock.as_ref());
    let submitting = async {
        local::is_local(&headers)?;
        local::is_json(&headers)?;
        submit::submit(&api, &text(path)?, body).await
    };
    answer(submitting.await, &id)
}

async fn query(
    State(api): State<Arc<KlingApi>>,
    path: PathText,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, api.clock.as_ref());
    let asked = local::is_local(&headers).and_then(|()| path::asked(&text(path)?));
    match asked {
        Ok(Asked::Task(operation, job)) => answer(query::query(&api, operation, job).await, &id),
        Ok(Asked::List(operation)) => answer(listed(&api, operation, &parameters).await, &id),
        Err(refusal) => answer(Err::<Task, _>(refusal), &id),
    }
}

async fn listed(
    api: &KlingApi,
    operation: Operation,
    parameters: &Parameters,
) -> Result<Vec<Task>, Refusal> {
    list::list(api, operation, Wanted::read(parameters)?).await
}

async fn other(
    State(api): State<Arc<KlingApi>>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let id = RequestId::of(&headers, api.clock.as_ref());
    let refusal = match method == Method::GET || method == Method::POST {
        true => Refusal::UnknownPath(uri.path().to_owned()),
        false => Refusal::WrongMethod,
    };
    answer(Err::<Task, _>(refusal), &id)
}

fn text(path: PathText) -> Result<String, Refusal> {
    path.map(|Path(path)| path).map_err(|error| Refusal::UnknownPath(error.body_text()))
}
