//! Pauses by hand, with two workers on the virtual clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use job::{ManualPause, PauseScope, RoomBounds, Timestamp};
use memory::StoreTime;
use ports::{Ledger, LedgerError, LedgerLayer, Message};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::installation::{Installation, SLOTS};

/// Long enough to admit and to submit what can be.
const SOON: Duration = Duration::from_secs(5);
const EFFECTIVE: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Counts how often the pauses are read, and can refuse to read them.
struct Watched {
    inner: Arc<dyn Ledger>,
    reads: AtomicU32,
    fails: AtomicBool,
}

#[async_trait]
impl LedgerLayer for Watched {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    async fn paused_by_hand(&self, account: &str) -> Result<Vec<ManualPause>, LedgerError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        match self.fails.load(Ordering::Relaxed) {
            true => Err(LedgerError::Unavailable("no answer".to_owned())),
            false => self.inner.paused_by_hand(account).await,
        }
    }
}

struct Fixture {
    installation: Installation,
    ledger: Arc<Watched>,
    /// The same as the ledger's.
    time: StoreTime,
    workers: Vec<worker::Worker>,
}

impl Fixture {
    async fn start(room: RoomBounds) -> Self {
        let (time, mut installation) =
            (StoreTime::simulated(), Installation::new().with_room(room));
        let inner = installation.ledger.clone();
        let ledger = Watched { inner, reads: AtomicU32::new(0), fails: AtomicBool::new(false) };
        let ledger = Arc::new(ledger);
        installation.ledger = ledger.clone();
        let mut workers = Vec::new();
        for _ in 0..2 {
            workers.push(installation.worker().await);
        }
        sleep(SOON).await;
        Self { installation, ledger, time, workers }
    }

    async fn pause(&self, scope: &str) {
        self.pause_until(scope, None).await;
    }

    async fn pause_until(&self, scope: &str, until: Option<Timestamp>) {
        let (scope, reason) = (PauseScope::parse(scope).unwrap(), "costs".to_owned());
        let pause = ManualPause { scope, reason, since: self.time.now(), until, by: None };
        assert!(self.installation.ledger.pause_by_hand("default", &pause).await.unwrap());
    }

    async fn resume(&self, scope: &str) {
        let scope = PauseScope::parse(scope).unwrap();
        assert!(self.installation.ledger.resume_by_hand("default", &scope).await.unwrap());
    }

    async fn publish(&self, tenant: &str, id: &str) {
        let body = json!({
            "id": id, "tenant": tenant, "operation": "images/generations",
            "request": {"prompt": id, "n": 1},
        });
        self.installation.send(Message::json(id, body.to_string())).await;
    }

    fn accepted(&self) -> Vec<String> {
        self.installation.provider.accepted()
    }

    /// How long it takes until this many were accepted.
    async fn accepts(&self, count: usize) -> Duration {
        let began = Instant::now();
        while self.accepted().len() < count {
            sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn each_scope_holds_within_a_second_and_goes_on_at_once() {
    let operation = "operation images/generations";
    for scope in ["account", "pool images", "tenant default", operation] {
        let fixture = Fixture::start(RoomBounds::default()).await;
        fixture.publish("default", "before").await;
        fixture.accepts(1).await;
        fixture.pause(scope).await;
        sleep(EFFECTIVE).await;
        fixture.publish("default", "held").await;
        sleep(MINUTE).await;
        assert_eq!(fixture.accepted(), ["before"], "{scope}");
        fixture.resume(scope).await;
        let waited = fixture.accepts(2).await;
        let most = if scope == operation { Duration::from_secs(31) } else { EFFECTIVE };
        assert!(waited <= most, "{scope}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_starts_knows_what_is_paused() {
    let fixture = Fixture::start(RoomBounds::default()).await;
    fixture.pause("tenant default").await;
    for worker in fixture.workers {
        assert!(worker.drain(SOON).await);
    }
    let installation = fixture.installation;
    installation.publish("held", 1).await;
    let _worker = installation.worker().await;
    sleep(MINUTE).await;
    assert_eq!(installation.provider.accepted(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_stays_paused() {
    let fixture = Fixture::start(RoomBounds::default()).await;
    fixture.pause("tenant acme").await;
    sleep(EFFECTIVE).await;
    fixture.publish("acme", "held").await;
    fixture.ledger.fails.store(true, Ordering::Relaxed);
    sleep(MINUTE).await;
    fixture.publish("other", "unknown").await;
    sleep(MINUTE).await;
    assert_eq!(fixture.accepted(), [""; 0], "nobody knows whether it is paused");
    fixture.ledger.fails.store(false, Ordering::Relaxed);
    fixture.accepts(1).await;
    sleep(MINUTE).await;
    assert_eq!(fixture.accepted(), ["unknown"]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_reads_the_pauses_twice_a_second() {
    let fixture = Fixture::start(RoomBounds::default()).await;
    let before = fixture.ledger.reads.load(Ordering::Relaxed);
    sleep(MINUTE).await;
    let reads = fixture.ledger.reads.load(Ordering::Relaxed) - before;
    assert!((230..=242).contains(&reads), "{reads} by two workers in a minute");
}

#[tokio::test(start_paused = true)]
async fn others_pass_a_tenant_however_many_jobs_it_has() {
    const WAITING: u32 = 20;
    let room = RoomBounds { pool: 2 * WAITING, tenant: WAITING };
    let fixture = Fixture::start(room).await;
    fixture.pause("tenant acme").await;
    sleep(EFFECTIVE).await;
    for n in 0..3 * WAITING {
        fixture.publish("acme", &format!("held-{n:02}")).await;
        sleep(Duration::from_millis(20)).await;
    }
    sleep(SOON).await;
    let ids: Vec<String> = (0..SLOTS).map(|n| format!("other-{n}")).collect();
    for id in &ids {
        fixture.publish("other", id).await;
        sleep(EFFECTIVE).await;
    }
    assert_eq!(fixture.accepted(), ids);
}

#[tokio::test(start_paused = true)]
async fn a_pause_with_an_end_is_over_then() {
    let fixture = Fixture::start(RoomBounds::default()).await;
    fixture.pause_until("account", Some(fixture.time.now() + MINUTE)).await;
    sleep(EFFECTIVE).await;
    fixture.publish("default", "held").await;
    sleep(MINUTE - 2 * EFFECTIVE).await;
    assert_eq!(fixture.accepted(), [""; 0]);
    let waited = fixture.accepts(1).await;
    assert!((EFFECTIVE..2 * EFFECTIVE).contains(&waited), "{waited:?}");
}
