//! A gateway for clients, with a broker that has faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use embedded::Embedded;
use gateway::{Gateway, KlingApi, KlingApiSettings, Listen, Served};
use job::{Lane, MessageFacts, Outcome, Priority, Record, Resource, State, Timestamp, decode};
use ports::{
    Broker, BrokerLayer, Clock, Cursor, Destination, Ledger, LedgerError, LedgerLayer, ListFilter,
    Message, Page, PublishError, Source, SystemClock, Write,
};
use recorder::{Phase, Session};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

pub(super) const T2V: &str = "/kling/v1/videos/text2video";
const KEEP: Duration = Duration::from_secs(3600);

/// A broker with faults.
struct Faulty {
    broker: Arc<dyn Broker>,
    fault: Arc<AtomicU8>,
    held: Arc<Held>,
}

/// A publish that waits until it is let go.
#[derive(Default)]
pub(super) struct Held {
    pub(super) begun: Notify,
    pub(super) let_go: Notify,
}

pub(super) const NONE: u8 = 0;
/// It is known to take nothing.
pub(super) const AWAY: u8 = 1;
pub(super) const REFUSES: u8 = 2;
/// It takes the message, and its answer is lost.
pub(super) const SILENT: u8 = 3;
pub(super) const HELD: u8 = 4;

impl BrokerLayer for Faulty {
    fn inner(&self) -> &dyn Broker {
        self.broker.as_ref()
    }

    fn takes_messages(&self) -> bool {
        self.fault.load(Ordering::SeqCst) != AWAY
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        match self.fault.load(Ordering::SeqCst) {
            AWAY => panic!("it was known to take nothing"),
            REFUSES => Err(PublishError::Refused("full".to_owned())),
            fault => {
                if fault == HELD {
                    self.held.begun.notify_one();
                    self.held.let_go.notified().await;
                }
                self.broker.publish(to, message).await?;
                match fault {
                    SILENT => Err(PublishError::Unknown("no answer".to_owned())),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// A ledger whose lists wait while they are held.
struct Listing {
    ledger: Arc<dyn Ledger>,
    open: watch::Receiver<bool>,
}

#[async_trait::async_trait]
impl LedgerLayer for Listing {
    fn inner(&self) -> &dyn Ledger {
        self.ledger.as_ref()
    }

    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError> {
        let mut open = self.open.clone();
        let _ = open.wait_for(|open| *open).await;
        self.ledger.page(filter, after).await
    }
}

/// A second later whenever it is read.
pub(super) struct Ticking(AtomicI64);

#[async_trait::async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1000, Ordering::SeqCst))
    }

    fn jitter(&self) -> f64 {
        SystemClock.jitter()
    }

    fn fresh_id(&self) -> uuid::Uuid {
        SystemClock.fresh_id()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

pub(super) struct Bench {
    gateway: Gateway,
    fault: Arc<AtomicU8>,
    pub(super) held: Arc<Held>,
    /// Whether lists are read.
    pub(super) lists: watch::Sender<bool>,
    broker: Arc<dyn Broker>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) session: Arc<Session>,
    clock: Arc<Ticking>,
    pub(super) http: reqwest::Client,
    _file: Embedded,
    _directory: tempfile::TempDir,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(KlingApiSettings::new(KEEP)).await
    }

    /// Whose ledger is given up after this time.
    pub(super) async fn impatient(ledger_timeout: Duration) -> Self {
        Self::with(KlingApiSettings { ledger_timeout, ..KlingApiSettings::new(KEEP) }).await
    }

    /// With room for the bodies of so many bytes.
    pub(super) async fn with_room(bytes: usize) -> Self {
        Self::with(KlingApiSettings { room: bytes, ..KlingApiSettings::new(KEEP) }).await
    }

    async fn with(api_settings: KlingApiSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = embedded::Settings::new(directory.path().join("x.db"), "gateway");
        let file = Embedded::open(settings).unwrap();
        let (broker, ledger, fault) = (file.broker(), file.ledger(), Arc::new(AtomicU8::new(NONE)));
        let held = Arc::new(Held::default());
        let faulty = Faulty { broker: broker.clone(), fault: fault.clone(), held: held.clone() };
        let clock = Arc::new(Ticking(1_777_385_361_501.into()));
        let system = Arc::new(SystemClock);
        let session = Session::join(ledger.clone(), system, Timestamp::EPOCH).await.unwrap();
        let session = Arc::new(session);
        session.reached(Phase::Closed).await;
        let faulty = Arc::new(faulty);
        let shared = session.clone();
        let (lists, open) = watch::channel(true);
        let listing = Arc::new(Listing { ledger: ledger.clone(), open });
        let api = KlingApi::new(listing, faulty, shared, clock.clone(), api_settings);
        let served = Served { kling_api: Some(api), ..Served::default() };
        let listen = Listen::on(([127, 0, 0, 1], 0).into());
        let gateway = Gateway::start(&listen, served).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (_file, _directory) = (file, directory);
        Self {
            gateway,
            fault,
            held,
            lists,
            broker,
            ledger,
            session,
            clock,
            http,
            _file,
            _directory,
        }
    }

    pub(super) fn fails(&self, fault: u8) {
        self.fault.store(fault, Ordering::SeqCst);
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway.address())
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.http.request(method, self.url(path)).bearer_auth("any").body(body);
        let answer = request.header("content-type", "application/json").send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.json().await.unwrap() }
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body.to_string()).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").await
    }

    pub(super) async fn published(&self) -> Vec<Value> {
        let messages = self.messages().await;
        messages.iter().map(|message| serde_json::from_slice(&message.body).unwrap()).collect()
    }

    /// Those that wait in the lane of videos.
    pub(super) async fn messages(&self) -> Vec<Message> {
        let lane = Lane { resource: Resource::Videos, priority: Priority::Normal };
        let count = self.broker.depth(&Source::Lane(lane)).await.unwrap();
        let mut deliveries = self.broker.consume(&Source::Lane(lane), 100).await.unwrap();
        let mut messages = Vec::new();
        for _ in 0..count {
            let delivery = deliveries.next().await.unwrap();
            messages.push(delivery.message.clone());
            delivery.ack().await.unwrap();
        }
        messages
    }

    /// As if a worker had submitted it.
    pub(super) async fn is_recorded(&self, id: &str, prompt: &str) {
        let next_look = Timestamp::EPOCH;
        let pending = State::Pending { status: "processing".into(), looks: 1, next_look };
        self.has(id, prompt, |record| record.state = pending).await;
    }

    /// As if an operator had dropped its dead letter before anything was sent.
    pub(super) async fn is_dropped(&self, id: &str, prompt: &str) {
        let at = Timestamp::from_millis(1_777_385_461_501);
        let dropped = |record: &mut Record| {
            record.state = State::Settled { outcome: Outcome::Cancelled, at };
            record.created_at = at;
            record.may_begin_again = true;
        };
        self.has(id, prompt, dropped).await;
        self.clock.0.store(at.as_millis() + 1000, Ordering::SeqCst);
    }

    /// Its ledger has lost its data.
    pub(super) async fn is_being_restored(&self) {
        self.ledger.distrust().await.unwrap();
        let rebuilding = async || self.session.phase() == Phase::Rebuilding;
        until("its process knows it", rebuilding).await;
    }

    async fn has(&self, id: &str, prompt: &str, change: impl FnOnce(&mut Record)) {
        let body = json!({
            "id": id, "operation": "videos/text2video", "request": {"prompt": prompt},
        });
        let job = decode(body.to_string().as_bytes(), MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        change(&mut record);
        let write = Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        self.ledger.create(&self.session.fence(), write).await.unwrap();
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn task(&self) -> &Value {
        assert_eq!((self.status, &self.body["code"]), (200, &json!(0)), "{}", self.body);
        &self.body["data"]
    }

    pub(super) fn id(&self) -> &str {
        self.task()["task_id"].as_str().unwrap()
    }

    /// Status and code of a refusal.
    pub(super) fn refusal(&self) -> (u16, i64) {
        assert!(self.body["message"].as_str().is_some_and(|words| !words.is_empty()));
        assert!(self.body["request_id"].is_string() && self.body.get("data").is_none());
        (self.status, self.body["code"].as_i64().unwrap())
    }
}

/// Looks again and again.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
