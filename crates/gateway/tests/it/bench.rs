//! A gateway for clients, with a broker that has faults.

mod faults;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use api_keys::{ApiKey, Credential, KeyRing, Keys, Scope, text};
use embedded::Embedded;
use gateway::{Apis, Callers, Gateway, Jobs, JobsSettings, Listen, Served};
use job::{
    Allowance, JobKey, Lane, MessageFacts, Outcome, Priority, Problem, Record, Resource, Rules,
    State, Tenant, Timestamp, decode,
};
use ports::{Broker, Ledger, Message, Source, SystemClock, Write};
use recorder::{Phase, Session};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

pub(crate) use self::faults::{AWAY, HELD, Held, NONE, REFUSES, SILENT};
use self::faults::{Faulty, Listing, Ticking};

pub(crate) const T2V: &str = "/kling/v1/videos/text2video";
const KEEP: Duration = Duration::from_secs(3600);

fn settings(callers: Callers) -> JobsSettings {
    JobsSettings::new(callers, Rules::default(), KEEP, KEEP)
}

/// A key of a tenant, and what its client shows.
pub(crate) fn key(tenant: &str, scopes: &[Scope], allowance: Allowance) -> (ApiKey, String) {
    let id = text::fresh_id();
    let shown = text::of(&id, text::fresh_secret().expose_secret());
    let key = ApiKey {
        id,
        name: None,
        tenant: Tenant::new(tenant).unwrap(),
        scopes: scopes.iter().copied().collect(),
        credential: Credential::of_key(&shown),
        allowance,
        created_at: Timestamp::EPOCH,
        expires_at: None,
        revoked_at: None,
    };
    (key, shown)
}

pub(crate) fn ring(keys: &[&ApiKey]) -> KeyRing {
    let keys: Keys = keys.iter().copied().cloned().collect();
    KeyRing::new(keys)
}

pub(crate) struct Bench {
    gateway: Gateway,
    fault: Arc<AtomicU8>,
    pub(crate) held: Arc<Held>,
    /// Whether lists are read.
    pub(crate) lists: watch::Sender<bool>,
    asked: Arc<Notify>,
    /// Records that were loaded.
    pub(crate) loads: Arc<AtomicUsize>,
    /// Whether records can be loaded.
    pub(crate) is_away: Arc<AtomicBool>,
    broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    clock: Arc<Ticking>,
    pub(crate) http: reqwest::Client,
    _file: Embedded,
    _directory: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(settings(Callers::Local(Tenant::default()))).await
    }

    /// For clients with these keys.
    pub(crate) async fn keyed(ring: &KeyRing) -> Self {
        Self::with(settings(Callers::Keyed(ring.clone()))).await
    }

    /// Whose ledger is given up after this time.
    pub(crate) async fn impatient(ledger_timeout: Duration) -> Self {
        let local = settings(Callers::Local(Tenant::default()));
        Self::with(JobsSettings { ledger_timeout, ..local }).await
    }

    /// With room for the bodies of so many bytes.
    pub(crate) async fn with_room(bytes: usize) -> Self {
        let local = settings(Callers::Local(Tenant::default()));
        Self::with(JobsSettings { room: bytes, ..local }).await
    }

    async fn with(jobs_settings: JobsSettings) -> Self {
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
        let asked = Arc::new(Notify::new());
        let (loads, is_away) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (lists, open) = watch::channel(true);
        let listing = Arc::new(Listing {
            ledger: ledger.clone(),
            open,
            asked: asked.clone(),
            loads: loads.clone(),
            is_away: is_away.clone(),
        });
        let jobs = Arc::new(Jobs::new(listing, faulty, shared, clock.clone(), jobs_settings));
        let apis = Apis { kling: true, own: true };
        let served = Served { jobs: Some((jobs, apis)), ..Served::default() };
        let listen = Listen::on(([127, 0, 0, 1], 0).into());
        let gateway = Gateway::start(&listen, served).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (_file, _directory) = (file, directory);
        Self {
            gateway,
            fault,
            held,
            lists,
            asked,
            loads,
            is_away,
            broker,
            ledger,
            session,
            clock,
            http,
            _file,
            _directory,
        }
    }

    pub(crate) fn fails(&self, fault: u8) {
        self.fault.store(fault, Ordering::SeqCst);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway.address())
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.http.request(method, self.url(path)).bearer_auth("any").body(body);
        Answer::of(request.header("content-type", "application/json")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").await
    }

    pub(crate) async fn published(&self) -> Vec<Value> {
        let messages = self.messages().await;
        messages.iter().map(|message| serde_json::from_slice(&message.body).unwrap()).collect()
    }

    /// Those that wait in the lane of videos.
    pub(crate) async fn messages(&self) -> Vec<Message> {
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
    pub(crate) async fn is_recorded(&self, id: &str, prompt: &str) {
        let next_look = Timestamp::EPOCH;
        let pending = State::Pending { status: "processing".into(), looks: 1, next_look };
        self.has(id, prompt, |record| record.state = pending).await;
    }

    /// As if a worker had recorded it, and not submitted it yet.
    pub(crate) async fn waits(&self, id: &str) {
        self.has(id, "a cat", |_| {}).await;
    }

    /// As if the provider had refused it.
    pub(crate) async fn has_failed(&self, id: &str) {
        let error = Problem::new("moderation", "no");
        let state = State::Settled { outcome: Outcome::Failed { error }, at: Timestamp::EPOCH };
        self.has(id, "a cat", |record| record.state = state).await;
    }

    /// As if an operator had dropped its dead letter before anything was sent.
    pub(crate) async fn is_dropped(&self, id: &str, prompt: &str) {
        let at = Timestamp::from_millis(1_777_385_461_501);
        let dropped = |record: &mut Record| {
            record.state = State::Settled { outcome: Outcome::Cancelled, at };
            record.created_at = at;
            record.may_begin_again = true;
        };
        self.has(id, prompt, dropped).await;
        self.clock.0.store(at.as_millis() + 1000, Ordering::SeqCst);
    }

    /// Until the gateway looks for changes for a client that waits.
    pub(crate) async fn asks_for_changes(&self) {
        self.asked.notified().await;
    }

    /// As if a poller had seen its end.
    pub(crate) async fn ends(&self, id: &str, outcome: Outcome) {
        let key = JobKey::parse(&format!("default/{id}")).unwrap();
        let stored = self.ledger.load(&key).await.unwrap().unwrap();
        let (mut record, at) = (stored.record, Timestamp::EPOCH);
        record.state = State::Settled { outcome, at };
        record.revision += 1;
        let write = Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        self.ledger.swap(&self.session.fence(), stored.version, write).await.unwrap();
    }

    pub(crate) async fn drain(self, patience: Duration) -> bool {
        self.gateway.drain(patience).await
    }

    /// Its ledger has lost its data.
    pub(crate) async fn is_being_restored(&self) {
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

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(text.into()) }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn task(&self) -> &Value {
        assert_eq!((self.status, &self.body["code"]), (200, &json!(0)), "{}", self.body);
        &self.body["data"]
    }

    pub(crate) fn id(&self) -> &str {
        self.task()["task_id"].as_str().unwrap()
    }

    /// Status and code of a refusal.
    pub(crate) fn refusal(&self) -> (u16, i64) {
        assert!(self.body["message"].as_str().is_some_and(|words| !words.is_empty()));
        assert!(self.body["request_id"].is_string() && self.body.get("data").is_none());
        (self.status, self.body["code"].as_i64().unwrap())
    }
}

/// Looks again and again.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
