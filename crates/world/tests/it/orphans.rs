//! How soon a poller finds a job that a dead worker was submitting, whenever the worker dies.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, MessageFacts, Record, State, StateKind, Timestamp, decode};
use kling::{Client, HttpRequest, HttpResponse, Transport, TransportError};
use memory::{MemoryBroker, MemoryLedger, StoreTime};
use poller::{Poller, Settings};
use ports::{Fence, Ledger, Write};
use recorder::{LEASE, Session};
use tokio::time::{Instant, sleep};

const HEARTBEAT: Duration = Duration::from_secs(1);

/// For the poller's sweep and its other work.
const SOON: Duration = Duration::from_millis(200);

/// The provider never answers: an orphan is found without it.
struct Silence;

#[async_trait]
impl Transport for Silence {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::NotSent("nobody is there".to_owned()))
    }
}

/// A record of a job that a worker submits since now.
fn intent(owner: &Fence, now: Timestamp) -> Write {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"a cat"}}"#;
    let job = decode(body, MessageFacts::default()).unwrap();
    let mut record = Record::new(&job, "default", "world", now);
    let post_deadline = now + Duration::from_secs(60);
    record.state =
        State::Submitting { owner: owner.owner.clone(), intent: "i".to_owned(), post_deadline };
    Write { due: record.due(LEASE), record, outbox: Vec::new(), outbox_lease: Duration::ZERO }
}

fn poller(ledger: Arc<dyn Ledger>, session: Arc<Session>) -> Poller {
    let kling = Client::new(Arc::new(Silence), "https://provider.test", "key".to_owned().into());
    let broker = Arc::new(MemoryBroker::new().connect());
    Poller::start(broker, ledger, session.clone(), kling.unwrap(), session, Settings::default())
}

async fn lives(ledger: &dyn Ledger, owner: &Fence, life: Duration) {
    let dies = Instant::now() + life;
    while Instant::now() + HEARTBEAT <= dies {
        sleep(HEARTBEAT).await;
        ledger.renew(owner, LEASE).await.unwrap();
    }
    sleep(dies - Instant::now()).await;
}

/// The time from a worker's death, `life` after its intent, until its job is in doubt.
async fn found_after(life: Duration) -> Duration {
    let (time, blank) = (StoreTime::simulated(), Timestamp::EPOCH);
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(time, LEASE));
    let session = Session::join(ledger.clone(), Arc::new(ports::SystemClock), blank).await.unwrap();
    let poller = poller(ledger.clone(), Arc::new(session));
    let worker = ledger.join(blank, LEASE).await.unwrap();
    ledger.create(&worker, intent(&worker, time.now())).await.unwrap();
    lives(&*ledger, &worker, life).await;
    let died = Instant::now();
    let key = JobKey::parse("default/a").unwrap();
    let state = async || ledger.load(&key).await.unwrap().unwrap().record.state.kind();
    assert_eq!(state().await, StateKind::Submitting, "its owner lived until now");
    while state().await == StateKind::Submitting {
        sleep(Duration::from_millis(10)).await;
    }
    let found = died.elapsed();
    poller.drain(LEASE).await;
    found
}

#[tokio::test(start_paused = true)]
async fn an_orphan_is_found_when_the_lease_of_its_worker_has_ended() {
    for tenths in 0..150 {
        let life = Duration::from_millis(100 * tenths + 37);
        let found = found_after(life).await;
        assert!(found <= LEASE + SOON, "{found:?} after a worker that lived for {life:?}");
    }
}
