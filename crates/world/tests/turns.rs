//! Two workers of a full pool: the turn stays with the one that has a wide job in hand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Resource, Timestamp};
use kling::{Client, HttpRequest, HttpResponse, Transport, TransportError};
use ports::{
    Broker, Clock, Destination, Fence, LEASE, Ledger, Limits, Message, Permit, Permitted, Session,
};
use serde_json::{Value, json};
use tokio::time::sleep;
use worker::{Settings, Slots, Worker};
use world::{WorldBroker, WorldLedger, WorldTime};

const SLOTS: u32 = 9;

/// Hundreds of rounds of a full pool; a job stays in hand for a quarter of an hour.
const LONG: Duration = Duration::from_secs(300);

/// A few rounds: what can be submitted has been.
const SOON: Duration = Duration::from_secs(5);

/// Accepts everything, and writes down in which order.
#[derive(Default)]
struct Provider {
    accepted: Mutex<Vec<String>>,
}

impl Provider {
    fn accepted(&self) -> Vec<String> {
        self.accepted.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let body: Value = serde_json::from_slice(&request.body.unwrap_or_default()).unwrap();
        let id = body["prompt"].as_str().unwrap().to_owned();
        let answer = json!({"code": 0, "data": {"task_id": id, "task_status": "submitted"}});
        self.accepted.lock().unwrap().push(id);
        let content_type = Some("application/json".to_owned());
        let body = answer.to_string().into();
        Ok(HttpResponse { status: 200, content_type, retry_after: None, body })
    }
}

struct Town {
    provider: Arc<Provider>,
    broker: WorldBroker,
    ledger: Arc<dyn Ledger>,
    pool: String,
}

impl Town {
    fn new() -> Self {
        let ledger = Arc::new(WorldLedger::new(WorldTime::simulated(), LONG));
        let pool = Permit::pool_of("default", Resource::Images);
        Self { provider: Arc::default(), broker: WorldBroker::new(), ledger, pool }
    }

    async fn worker(&self) -> Worker {
        let (ledger, clock) = (self.ledger.clone(), Arc::new(ports::SystemClock));
        let session = Session::join(ledger.clone(), clock, Timestamp::EPOCH).await.unwrap();
        let session = Arc::new(session);
        let clock: Arc<dyn Clock> = session.clone();
        let key = "key".to_owned().into();
        let kling = Client::new(self.provider.clone(), "https://provider.test", key).unwrap();
        let slots = Slots { images: SLOTS, ..Slots::default() };
        let settings = Settings { slots, ..Settings::default() };
        Worker::start(Arc::new(self.broker.connect()), ledger, session, kling, clock, settings)
    }

    async fn publish(&self, id: &str, images: u32) {
        let body = json!({
            "id": id, "operation": "images/generations", "request": {"prompt": id, "n": images},
        });
        let to = Destination::Jobs { routing_key: "images.generations.normal".to_owned() };
        self.broker.connect().publish(&to, Message::json(id, body.to_string())).await.unwrap();
    }

    /// Slots of tasks that somebody else follows.
    async fn fill(&self) {
        let fence = self.member().await;
        for n in 0..SLOTS {
            let key = JobKey::parse(&format!("default/earlier-{n}")).unwrap();
            let (pool, limits) = (self.pool.clone(), Limits::default());
            let permit = Permit { pool, key, round: 1, weight: 1, revision: 0 };
            let taken = self.ledger.take_permit(&fence, &permit, &limits).await.unwrap();
            assert_eq!(taken, Permitted::Granted);
        }
    }

    /// So many tasks end.
    async fn frees(&self, tasks: usize) {
        let fence = self.member().await;
        let held = self.ledger.permits(&self.pool).await.unwrap();
        let over: Vec<_> = held.iter().take(tasks).map(ports::HeldPermit::left_behind).collect();
        self.ledger.give_permits(&fence, &over).await.unwrap();
    }

    async fn member(&self) -> Fence {
        self.ledger.join(Timestamp::EPOCH, LEASE).await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn the_turn_stays_with_the_worker_that_has_a_wide_job_in_hand() {
    let town = Town::new();
    town.fill().await;
    let _one = town.worker().await;
    // They do not ask at the same moments.
    sleep(Duration::from_millis(130)).await;
    let _other = town.worker().await;
    town.publish("wide", SLOTS).await;
    for id in ["narrow-1", "narrow-2", "narrow-3"] {
        town.publish(id, 1).await;
    }
    town.frees(1).await;
    sleep(LONG).await;
    assert_eq!(town.provider.accepted(), [""; 0], "the slot is kept for the wide one");
    town.frees(SLOTS as usize - 1).await;
    sleep(SOON).await;
    assert_eq!(town.provider.accepted(), ["wide"]);
    town.frees(1).await;
    sleep(SOON).await;
    assert_eq!(town.provider.accepted(), ["wide", "narrow-1", "narrow-2", "narrow-3"]);
}
