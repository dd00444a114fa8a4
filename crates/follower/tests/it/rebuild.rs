//! A journal in one file and a ledger in another: the ledger can be lost alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use embedded::{Embedded, Settings as FileSettings};
use follower::{Follower, Settings, differences, is_blank, join};
use job::{
    CloudEvent, Estimate, EventKind, EventSource, JobKey, JournalEntry, MessageFacts, Money,
    Outcome, Period, Record, Restoring, State, Timestamp, decode,
};
use ports::{
    Broker, Clock, Destination, Generation, JournalStart, Ledger, Permit, Source, Spent,
    SystemClock, Write,
};
use recorder::{Phase, Session, journal_message};
use tempfile::TempDir;
use tokio::time::Instant;

const POST_TIMEOUT: Duration = Duration::from_millis(500);
const RETENTION: Duration = Duration::from_secs(2);

struct Fixture {
    directory: TempDir,
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
}

impl Fixture {
    fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            let mut settings = FileSettings::new(directory.path().join(name), "follower");
            settings.retention = RETENTION;
            Embedded::open(settings).unwrap()
        };
        let (broker, ledger) = (open("journal.db").broker(), open("ledger.db").ledger());
        Self { directory, broker, ledger }
    }

    async fn journal(&self, record: &Record, event: Option<EventKind>) {
        let generation = Generation { id: "lost".into(), began_at: Timestamp::EPOCH };
        let source = EventSource::of_installation("reelwork");
        let body = event.map(|kind| {
            serde_json::to_vec(&CloudEvent::about(record, kind, &source, record.created_at))
        });
        let body = body.transpose().unwrap();
        let line =
            journal_message(&generation, SystemClock.now(), record, body.as_deref()).unwrap();
        self.broker.publish(&Destination::Journal, line).await.unwrap();
    }

    async fn session(&self) -> Arc<Session> {
        let (ledger, clock) = (self.ledger.clone(), Arc::new(SystemClock));
        Arc::new(Session::join(ledger, clock, SystemClock.now()).await.unwrap())
    }

    fn follow(&self, session: &Arc<Session>) -> Follower {
        self.follow_with(session, |_| ())
    }

    fn follow_with(&self, session: &Arc<Session>, adjust: impl Fn(&mut Settings)) -> Follower {
        let mut settings =
            Settings { retention: RETENTION, post_timeout: POST_TIMEOUT, ..Settings::default() };
        adjust(&mut settings);
        let (broker, ledger) = (self.broker.clone(), self.ledger.clone());
        Follower::start(broker, ledger, session.clone(), Arc::new(SystemClock), settings)
    }

    /// Follows until the generation is rebuilt.
    async fn rebuild(&self) -> Arc<Session> {
        self.rebuild_with(|_| ()).await
    }

    async fn rebuild_with(&self, adjust: impl Fn(&mut Settings)) -> Arc<Session> {
        let session = self.session().await;
        let follower = self.follow_with(&session, adjust);
        let rebuilt = session.reached(Phase::Closed);
        tokio::time::timeout(Duration::from_secs(20), rebuilt).await.unwrap();
        assert!(follower.drain(Duration::from_secs(5)).await);
        session
    }

    async fn load(&self, id: &str) -> Option<Record> {
        self.ledger.load(&key(id)).await.unwrap().map(|stored| stored.record)
    }
}

fn key(id: &str) -> JobKey {
    JobKey::parse(&format!("default/{id}")).unwrap()
}

fn record(id: &str, revision: u64, state: State) -> Record {
    let body =
        format!(r#"{{"id":"{id}","operation":"videos/text2video","request":{{"prompt":"x"}}}}"#);
    let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
    let mut record = Record::new(&job, "default", "reelwork", SystemClock.now());
    (record.revision, record.state) = (revision, state);
    record
}

fn pending() -> State {
    State::Pending { status: "submitted".into(), looks: 0, next_look: SystemClock.now() }
}

fn settled() -> State {
    State::Settled { outcome: Outcome::Cancelled, at: SystemClock.now() }
}

#[tokio::test]
async fn what_is_running_comes_back_with_its_slot_and_submitting_waits_a_post_deadline() {
    let fixture = Fixture::set();
    let mut running = record("running", 3, pending());
    (running.task_id, running.slots) = (Some("7".into()), 4);
    fixture.journal(&record("running", 1, State::Queued { why: None }), None).await;
    fixture.journal(&running, None).await;
    let began = SystemClock.now();
    let session = fixture.rebuild().await;
    let back = fixture.load("running").await.unwrap();
    assert_eq!((back.task_id.as_deref(), back.revision, back.restored), (Some("7"), 3, true));
    let pool = Permit::pool_of("default", job::Resource::Videos);
    assert_eq!(fixture.ledger.usage(&pool).await.unwrap().used, 4);
    assert!(session.opens_at().unwrap() >= began + POST_TIMEOUT, "{:?}", session.opens_at());
}

#[tokio::test]
async fn what_is_reserved_and_was_spent_today_is_counted_again() {
    let fixture = Fixture::set();
    let estimate = |reserved| {
        let (amount, unit) = (Money::parse("0.28"), Money::parse("0.14"));
        Some(Estimate { amount, unit, reserved })
    };
    let running = Record { estimate: estimate(true), ..record("running", 3, pending()) };
    let outcome = Outcome::succeeded(Vec::new());
    let state = State::Settled { outcome, at: SystemClock.now() };
    let mut ended = Record { estimate: estimate(false), ..record("ended", 3, state) };
    ended.submitted_at = Some(SystemClock.now());
    let waiting = record("queued", 3, State::Queued { why: None });
    for record in [&running, &ended, &waiting] {
        fixture.journal(record, None).await;
    }
    drop(fixture.rebuild_with(|settings| settings.counts_spending = true).await);
    let held = fixture.ledger.reservations("default").await.unwrap();
    assert_eq!(held.iter().map(|held| &held.key).collect::<Vec<_>>(), [&key("running")]);
    let month = Period::month_of(SystemClock.now());
    let all = fixture.ledger.spending("default", &month).await.unwrap();
    let Spent { spent, reserved, .. } = all[0].sums;
    assert_eq!((Some(spent), Some(reserved)), (Money::parse("0.28"), Money::parse("0.28")));
}

/// The room is stored apart from the records: either may be lost alone.
#[tokio::test]
async fn jobs_that_waited_have_their_places_again() {
    let fixture = Fixture::set();
    let now = SystemClock.now();
    let waiting = || State::Waiting { why: "full".into(), since: now, next_look: now };
    fixture.journal(&record("lost", 3, waiting()), None).await;
    let kept = record("kept", 3, waiting());
    fixture.journal(&kept, None).await;
    let session = fixture.session().await;
    let write = Write { record: kept, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO };
    fixture.ledger.create(&session.fence(), write).await.unwrap();
    drop(fixture.rebuild().await);
    let pool = Permit::pool_of("default", job::Resource::Videos);
    for id in ["lost", "kept"] {
        let stored = fixture.load(id).await.unwrap();
        assert_eq!(stored.state.word(), "waiting");
        let place = fixture.ledger.place(&pool, &key(id), 1).await.unwrap();
        assert_eq!(place.map(|place| place.waiting), Some(2), "{id}");
    }
}

/// The jobs were cancelled while the ledger was empty and they were not known.
#[tokio::test]
async fn a_paid_task_is_not_hidden_by_a_tombstone() {
    let fixture = Fixture::set();
    let mut running = record("running", 3, pending());
    running.task_id = Some("7".into());
    fixture.journal(&running, None).await;
    fixture.journal(&record("waiting", 3, State::Queued { why: None }), None).await;
    let cancelling = fixture.session().await;
    for id in ["running", "waiting"] {
        let record = Record::tombstone(key(id), SystemClock.now());
        fixture.journal(&record, None).await;
        let write = Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        fixture.ledger.create(&cancelling.fence(), write).await.unwrap();
    }
    drop(fixture.rebuild().await);
    let running = fixture.load("running").await.unwrap();
    assert_eq!((running.task_id.as_deref(), running.state.word()), (Some("7"), "pending"));
    let waiting = fixture.load("waiting").await.unwrap();
    assert_eq!((waiting.state.word(), waiting.cancel_requested), ("queued", true));
}

#[tokio::test]
async fn a_leader_after_one_that_found_a_loss_waits_too() {
    let fixture = Fixture::set();
    fixture.journal(&record("running", 3, pending()), None).await;
    let first = fixture.session().await;
    fixture.ledger.follow(&first.fence()).await.unwrap();
    // It restores everything and dies before it opens the generation.
    let write = Write {
        record: record("running", 3, pending()),
        due: None,
        outbox: Vec::new(),
        outbox_lease: Duration::ZERO,
    };
    fixture.ledger.lost(&first.fence()).await.unwrap();
    fixture.ledger.create(&first.fence(), write).await.unwrap();
    fixture.ledger.followed(&first.fence(), 1).await.unwrap();
    fixture.ledger.leave(&first.fence()).await.unwrap();
    let began = SystemClock.now();
    let next = fixture.rebuild().await;
    assert!(next.opens_at().unwrap() >= began + POST_TIMEOUT, "{:?}", next.opens_at());
}

#[tokio::test]
async fn the_open_ledger_is_compared_on_from_where_it_was() {
    let fixture = Fixture::set();
    drop(fixture.rebuild().await);
    fixture.journal(&record("later", 2, pending()), None).await;
    let session = fixture.session().await;
    let follower = fixture.follow(&session);
    let deadline = Instant::now() + Duration::from_secs(15);
    while fixture.load("later").await.is_none() {
        assert!(Instant::now() < deadline, "it is not put back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(follower.drain(Duration::from_secs(5)).await);
    let pool = Permit::pool_of("default", job::Resource::Videos);
    assert_eq!(fixture.ledger.usage(&pool).await.unwrap().used, 1);
}

#[tokio::test]
async fn a_job_that_waits_long_is_written_anew_before_its_line_can_be_gone() {
    let fixture = Fixture::set();
    let session = fixture.rebuild().await;
    let parked = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
    let at = Timestamp::EPOCH;
    let waiting = State::Waiting { why: "full".into(), since: at, next_look: at };
    let young = SystemClock.now() + Duration::from_secs(60);
    for (id, created_at, state) in [
        ("parked", Timestamp::EPOCH, &parked),
        ("waiting", Timestamp::EPOCH, &waiting),
        ("young", young, &parked),
    ] {
        let record = Record { created_at, ..record(id, 2, state.clone()) };
        let write = Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        fixture.ledger.create(&session.fence(), write).await.unwrap();
    }
    let again = Duration::from_secs(1);
    let follower = fixture.follow_with(&session, |settings| settings.journaled_again = again);
    let journal = Source::Journal(JournalStart::First);
    let mut lines = fixture.broker.consume(&journal, 9).await.unwrap();
    let mut written = BTreeSet::new();
    let both = async {
        while written.len() < 2 {
            let line = lines.next().await.unwrap();
            if let Ok(entry) = serde_json::from_slice::<JournalEntry>(&line.message.body) {
                written.insert(entry.record.key);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(15), both).await.unwrap();
    assert_eq!(written, BTreeSet::from([key("parked"), key("waiting")]));
    assert!(follower.drain(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn an_announced_outcome_is_not_announced_again_and_still_expires() {
    let fixture = Fixture::set();
    fixture.journal(&record("told", 4, settled()), Some(EventKind::Cancelled)).await;
    fixture.journal(&record("untold", 4, settled()), None).await;
    let session = fixture.rebuild().await;
    let claimed =
        fixture.ledger.claim_outbox(&session.fence(), 9, Duration::from_secs(9)).await.unwrap();
    let said: Vec<_> = claimed.items.iter().map(|entry| entry.key.clone()).collect();
    assert_eq!(said, [key("untold")]);
    assert!(fixture.load("told").await.is_some());
    let deadline = Instant::now() + Duration::from_secs(15);
    while fixture.load("told").await.is_some() {
        assert!(Instant::now() < deadline, "it never expires");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn differences_are_shown_and_none_are_left_after_a_rebuild() {
    let fixture = Fixture::set();
    assert!(is_blank(fixture.broker.as_ref(), &SystemClock).await.unwrap());
    fixture.journal(&record("a", 2, pending()), None).await;
    assert!(!is_blank(fixture.broker.as_ref(), &SystemClock).await.unwrap());
    let now = SystemClock.now();
    let restoring = Restoring { now, retention: RETENTION, settles_at: now };
    let look =
        || differences(fixture.broker.as_ref(), fixture.ledger.as_ref(), &SystemClock, restoring);
    let found = look().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].journal.state, &found[0].ledger), ("pending", &None));
    fixture.rebuild().await;
    assert_eq!(look().await.unwrap(), []);
}

/// A POST may have been sent before any job had a line: the next process must wait for it.
#[tokio::test]
async fn only_one_generation_takes_itself_for_the_first() {
    let fixture = Fixture::set();
    let enter = |ledger: Arc<dyn Ledger>| {
        let broker = fixture.broker.clone();
        async move { join(broker.as_ref(), ledger, Arc::new(SystemClock)).await.unwrap() }
    };
    let first = enter(fixture.ledger.clone()).await;
    let beside = enter(fixture.ledger.clone()).await;
    for session in [&first, &beside] {
        assert_eq!(session.fence().generation.began_at, Timestamp::EPOCH);
        assert_eq!(session.phase(), Phase::Open);
    }
    // Another ledger with the same journal: everything in the first one is lost.
    let settings = FileSettings::new(fixture.directory.path().join("other.db"), "follower");
    let after = enter(Embedded::open(settings).unwrap().ledger()).await;
    assert!(after.fence().generation.began_at > Timestamp::EPOCH);
    assert_eq!(after.phase(), Phase::Rebuilding);
}
