use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Resource, RoomBounds, Timestamp};
use kling::{Client, HttpRequest, HttpResponse, Route, Transport, TransportError};
use memory::{MemoryBroker, MemoryLedger, StoreTime};
use ports::{Broker, Clock, Destination, Fence, GrantTerms, Ledger, Message, Permit, Permitted};
use recorder::{LEASE, Session};
use serde_json::{Value, json};
use worker::{Budget, Settings, Slots, Worker};

pub(crate) const SLOTS: u32 = 9;

const RETENTION: Duration = Duration::from_secs(300);

/// Accepts everything outside its broken route, and records the order.
#[derive(Default)]
pub(crate) struct Provider {
    /// A request on it fails in a way that leaves open whether there is a task.
    broken: Option<Route>,
    /// Between a request and its answer.
    latency: Duration,
    accepted: Mutex<Vec<String>>,
    failed: AtomicU32,
}

impl Provider {
    pub(crate) fn broken(route: Route, latency: Duration) -> Self {
        Self { broken: Some(route), latency, ..Self::default() }
    }

    pub(crate) fn accepted(&self) -> Vec<String> {
        self.accepted.lock().unwrap().clone()
    }

    /// Requests that failed.
    pub(crate) fn failed(&self) -> u32 {
        self.failed.load(Ordering::Relaxed)
    }

    fn answer(&self, request: HttpRequest) -> (u16, Value) {
        let Some(body) = request.body else { return (404, json!({"code": 1203})) };
        if self.broken.is_some_and(|route| request.url.ends_with(route.path())) {
            self.failed.fetch_add(1, Ordering::Relaxed);
            return (500, json!({"code": 5000, "message": "internal server error"}));
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let id = body["prompt"].as_str().unwrap().to_owned();
        self.accepted.lock().unwrap().push(id.clone());
        (200, json!({"code": 0, "data": {"task_id": id, "task_status": "submitted"}}))
    }
}

#[async_trait]
impl Transport for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        tokio::time::sleep(self.latency).await;
        let (status, body) = self.answer(request);
        let content_type = Some("application/json".to_owned());
        Ok(HttpResponse { status, content_type, retry_after: None, body: body.to_string().into() })
    }
}

pub(crate) fn job(id: &str, images: u32) -> Message {
    job_of("normal", id, images)
}

fn job_of(priority: &str, id: &str, images: u32) -> Message {
    let request = json!({"prompt": id, "n": images});
    let body = json!({
        "id": id, "operation": "images/generations", "priority": priority, "request": request,
    });
    Message::json(id, body.to_string())
}

/// A broker and a ledger for workers of one pool.
pub(crate) struct Installation {
    pub(crate) provider: Arc<Provider>,
    pub(crate) broker: MemoryBroker,
    pub(crate) ledger: Arc<dyn Ledger>,
    room: RoomBounds,
    budget: Option<Budget>,
    pool: String,
}

impl Installation {
    pub(crate) fn new() -> Self {
        Self::with(Provider::default())
    }

    pub(crate) fn with(provider: Provider) -> Self {
        let ledger = Arc::new(MemoryLedger::new(StoreTime::simulated(), RETENTION));
        let pool = Permit::pool_of("default", Resource::Images);
        let (broker, room) = (MemoryBroker::new(), Settings::default().room);
        Self { provider: Arc::new(provider), broker, ledger, room, budget: None, pool }
    }

    /// With bounds on the jobs that may wait in the ledger.
    pub(crate) fn with_room(self, room: RoomBounds) -> Self {
        Self { room, ..self }
    }

    pub(crate) fn with_budget(self, budget: Budget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    pub(crate) async fn worker(&self) -> Worker {
        let (ledger, clock) = (self.ledger.clone(), Arc::new(ports::SystemClock));
        let session = Session::join(ledger.clone(), clock, Timestamp::EPOCH).await.unwrap();
        let session = Arc::new(session);
        let clock: Arc<dyn Clock> = session.clone();
        let key = "key".to_owned().into();
        let kling = Client::new(self.provider.clone(), "https://provider.test", key).unwrap();
        let slots = Slots { images: SLOTS, ..Slots::default() };
        let (room, budget) = (self.room, self.budget.clone());
        let settings = Settings { slots, room, budget, ..Settings::default() };
        Worker::start(Arc::new(self.broker.connect()), ledger, session, kling, clock, settings)
    }

    pub(crate) async fn publish(&self, id: &str, images: u32) {
        self.send(job(id, images)).await;
    }

    pub(crate) async fn publish_at(&self, priority: &str, id: &str) {
        self.send_to(priority, job_of(priority, id, 1)).await;
    }

    pub(crate) async fn publish_of(&self, tenant: &str, id: &str) {
        let body = json!({
            "id": id, "tenant": tenant, "operation": "images/generations",
            "request": {"prompt": id, "n": 1},
        });
        self.send(Message::json(id, body.to_string())).await;
    }

    pub(crate) async fn send(&self, message: Message) {
        self.send_to("normal", message).await;
    }

    pub(crate) async fn publish_for(&self, route: Route, id: &str) {
        let request = json!({"prompt": id, "image": "https://files.test/1.png",
            "up_expansion_ratio": 0.1, "down_expansion_ratio": 0.1,
            "left_expansion_ratio": 0.1, "right_expansion_ratio": 0.1});
        let body = json!({"id": id, "operation": route.path(), "request": request});
        let message = Message::json(id, body.to_string());
        self.send_for(route, "normal", message).await;
    }

    async fn send_to(&self, priority: &str, message: Message) {
        self.send_for(Route::ImagesGenerations, priority, message).await;
    }

    async fn send_for(&self, route: Route, priority: &str, message: Message) {
        let routing_key = format!("{}.{priority}", route.path().replace('/', "."));
        let to = Destination::Jobs { routing_key };
        self.broker.connect().publish(&to, message).await.unwrap();
    }

    /// Takes all slots, for tasks that no worker here follows.
    pub(crate) async fn fill(&self) {
        let fence = self.member().await;
        for n in 0..SLOTS {
            let key = JobKey::parse(&format!("default/earlier-{n}")).unwrap();
            let (pool, terms) = (self.pool.clone(), GrantTerms::default());
            let permit = Permit { pool, key, round: 1, weight: 1, revision: 0 };
            let taken = self.ledger.take_permit(&fence, &permit, &terms).await.unwrap();
            assert_eq!(taken, Permitted::Granted);
        }
    }

    /// Frees the slots of this many tasks.
    pub(crate) async fn frees(&self, tasks: usize) {
        let fence = self.member().await;
        let held = self.ledger.permits(&self.pool).await.unwrap();
        let over: Vec<_> = held.iter().take(tasks).map(ports::HeldPermit::left_behind).collect();
        self.ledger.give_permits(&fence, &over).await.unwrap();
    }

    async fn member(&self) -> Fence {
        self.ledger.join(Timestamp::EPOCH, LEASE).await.unwrap()
    }
}
