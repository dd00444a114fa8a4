//! What follows from a write, in the promised order: permits, journal, announcement.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use job::{
    Doubt, Fact, JobKey, MessageFacts, Outcome, Problem, Record, Rules, State, Timestamp, decode,
};
use memory::{MemoryBroker, MemoryLedger, StoreTime};
use ports::{
    Broker, BrokerLayer, Call, Destination, GrantTerms, Ledger, LedgerError, LedgerLayer, Message,
    Method, Permit, PublishError, Summary, SystemClock, Write,
};
use recorder::{Applied, Batcher, Recorder, Session, Writer};

const RETENTION: Duration = Duration::from_secs(3600);

/// What was done, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn taken(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct NotedLedger {
    inner: Arc<dyn Ledger>,
    notes: Notes,
}

#[async_trait]
impl LedgerLayer for NotedLedger {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    fn around<'a, T: Summary + Send + 'a>(
        &'a self,
        call: Call<'a>,
        calling: impl Future<Output = Result<T, LedgerError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, LedgerError>> + Send + 'a {
        if matches!(call.method, Method::Swap | Method::GivePermits | Method::Announced) {
            self.notes.note(call.method.name());
        }
        calling
    }
}

struct NotedBroker {
    inner: Arc<dyn Broker>,
    notes: Notes,
}

impl BrokerLayer for NotedBroker {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        self.notes.note(match to {
            Destination::Journal => "journal",
            Destination::Results { .. } => "results",
            Destination::Webhooks { .. } => "webhook",
            Destination::Jobs { .. }
            | Destination::Later { .. }
            | Destination::Overflow { .. }
            | Destination::Dead { .. } => "jobs",
        });
        self.inner.publish(to, message).await
    }
}

struct Fixture {
    notes: Notes,
    ledger: Arc<dyn Ledger>,
    broker: Arc<dyn Broker>,
    session: Arc<Session>,
}

impl Fixture {
    async fn set() -> Self {
        let notes = Notes::default();
        let inner = Arc::new(MemoryLedger::new(StoreTime::of_wall(), RETENTION));
        let ledger: Arc<dyn Ledger> = Arc::new(NotedLedger { inner, notes: notes.clone() });
        let inner = Arc::new(MemoryBroker::new().connect());
        let broker = Arc::new(NotedBroker { inner, notes: notes.clone() });
        let joined = Session::join(ledger.clone(), Arc::new(SystemClock), Timestamp::EPOCH).await;
        let session = Arc::new(joined.unwrap());
        Self { notes, ledger, broker, session }
    }

    fn recorder(&self, rules: Rules) -> Recorder {
        let writer = Writer::new(self.ledger.clone(), self.session.clone(), rules);
        Recorder::new(writer, self.broker.clone(), self.session.clone())
    }

    /// A record with the slot that its task uses; at version 1.
    async fn left(&self, state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        self.left_of(body, state).await
    }

    async fn left_of(&self, body: &[u8], state: State) -> Record {
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        (record.state, record.revision) = (state, 1);
        let (fence, permit) = (self.session.fence(), Permit::of(&record).unwrap());
        self.ledger.take_permit(&fence, &permit, &GrantTerms::default()).await.unwrap();
        let due = record.due(Duration::ZERO);
        let (outbox, outbox_lease) = (Vec::new(), Duration::ZERO);
        let write = Write { record: record.clone(), due, outbox, outbox_lease };
        self.ledger.create(&fence, write).await.unwrap();
        record
    }

    async fn apply(&self, recorder: &Recorder, fact: Fact) {
        let key = JobKey::parse("default/a").unwrap();
        let stored = self.ledger.load(&key).await.unwrap().unwrap();
        let done = recorder.apply(&self.session.fence(), stored, fact).await.unwrap();
        assert!(matches!(done, Applied::Done(_)), "{done:?}");
    }
}

fn in_doubt() -> State {
    let now = Timestamp::EPOCH;
    State::InDoubt { doubt: Doubt::begun(now, "its answer was lost".into(), now) }
}

fn pending() -> State {
    State::Pending { status: "processing".into(), looks: 0, next_look: Timestamp::EPOCH }
}

fn failed() -> Fact {
    let outcome = Outcome::Failed { error: Problem::new("task_failed", "x") };
    Fact::Ended { outcome }
}

/// As worker, gateway and commands do; a poller announces.
#[tokio::test]
async fn a_slot_is_free_before_the_journal_is_written_and_nothing_is_announced() {
    let fixture = Fixture::set().await;
    fixture.left(in_doubt()).await;
    let recorder = fixture.recorder(Rules::default());
    let error = Problem::new("in_doubt", "given up");
    fixture.apply(&recorder, Fact::Abandoned { error }).await;
    assert_eq!(fixture.notes.taken(), ["swap", "give_permits", "journal"]);
}

/// As pollers do: the provider can be queried again, so the event goes first, and a ledger that is
/// rebuilt from the line need not announce it again.
#[tokio::test]
async fn an_end_is_announced_then_journaled_then_marked() {
    let fixture = Fixture::set().await;
    fixture.left(pending()).await;
    let (batcher, writes) = Batcher::new(fixture.ledger.clone(), fixture.session.clone());
    let recorder = fixture.recorder(Rules::default()).announcing(batcher, Duration::from_secs(5));
    fixture.apply(&recorder, failed()).await;
    assert_eq!(fixture.notes.taken(), ["swap", "results", "journal"]);
    drop(recorder);
    writes.await;
    let mut small = fixture.notes.taken();
    small.sort_unstable();
    assert_eq!(small, ["announced", "give_permits"]);
}

/// A ledger that is rebuilt from the line does not announce the end again, so the client's call is kept
/// before it.
#[tokio::test]
async fn the_call_of_a_clients_url_is_kept_before_its_event() {
    let fixture = Fixture::set().await;
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"},
        "webhook_url":"https://client.example/hook"}"#;
    fixture.left_of(body, pending()).await;
    let (batcher, _writes) = Batcher::new(fixture.ledger.clone(), fixture.session.clone());
    let recorder = fixture.recorder(Rules::default()).announcing(batcher, Duration::from_secs(5));
    fixture.apply(&recorder, failed()).await;
    assert_eq!(fixture.notes.taken(), ["swap", "webhook", "results", "journal"]);
}
