//! What an operator's actions leave in the ledger, in the journal and in the pool of slots.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use job::{
    Doubt, JobKey, JournalEntry, Lane, MessageFacts, NotRetried, Operation, Outcome, Priority,
    Problem, Reached, Record, Resource, Rules, State, StateKind, Tenant, Timestamp, decode,
};
use memory::{MemoryBroker, MemoryLedger, StoreTime};
use operator::{
    Cancelled, Decision, Error, Failed, LetterFilter, LetterSelection, Names, Operator, Replayed,
    Retried,
};
use ports::{
    AccountTask, Broker, Destination, GrantTerms, JournalStart, Ledger, Message, Permit, Source,
    SystemClock, Write, header,
};
use recorder::{Phase, Session};

const RETENTION: Duration = Duration::from_secs(3600);
/// The journal has ended if no line comes for this long.
const SILENCE: Duration = Duration::from_millis(200);

struct Fixture {
    broker: Arc<dyn Broker>,
    ledger: Arc<dyn Ledger>,
    session: Arc<Session>,
    operator: Operator,
}

impl Fixture {
    async fn set() -> Self {
        let broker = Arc::new(MemoryBroker::new().connect());
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(StoreTime::of_wall(), RETENTION));
        let joined = Session::join(ledger.clone(), Arc::new(SystemClock), Timestamp::EPOCH).await;
        let session = Arc::new(joined.unwrap());
        let (there, member) = (broker.clone(), session.clone());
        let operator = Operator::new(ledger.clone(), there, member, Rules::default(), RETENTION);
        Self { broker, ledger, session, operator }
    }

    /// Writes a record as a worker or the follower leaves it.
    async fn left(&self, record: &Record) {
        let (fence, due) = (self.session.fence(), record.due(Duration::ZERO));
        let (outbox, outbox_lease) = (Vec::new(), Duration::ZERO);
        let write = Write { record: record.clone(), due, outbox, outbox_lease };
        self.ledger.create(&fence, write).await.unwrap();
    }

    async fn state(&self, id: &str) -> StateKind {
        self.ledger.load(&key(id)).await.unwrap().unwrap().record.state.kind()
    }

    async fn journaled(&self) -> Vec<Record> {
        let from = Source::Journal(JournalStart::First);
        let mut lines = self.broker.consume(&from, 10).await.unwrap();
        let mut records = Vec::new();
        while let Ok(Some(line)) = tokio::time::timeout(SILENCE, lines.next()).await {
            let entry: JournalEntry = serde_json::from_slice(&line.message.body).unwrap();
            records.push(entry.record);
            line.ack().await.unwrap();
        }
        records
    }
}

const KEY: &str = "videos.text2video.normal";

impl Fixture {
    async fn dead_lettered(&self, letter: Message) {
        let to = Destination::Dead { routing_key: KEY.to_owned() };
        self.broker.publish(&to, letter).await.unwrap();
    }

    /// How far the job may have come by its letter, once that is replayed.
    async fn replayed(&self) -> Reached {
        let letter = self.next(&Source::Dead).await;
        let done = self.operator.replay(Names::default().name(letter)).await.unwrap();
        assert!(matches!(done, Replayed::Published), "{done:?}");
        let lane = Lane { resource: Resource::Videos, priority: Priority::Normal };
        let job = self.next(&Source::Lane(lane)).await;
        let reached = job.reached();
        job.ack().await.unwrap();
        reached
    }

    async fn next(&self, source: &Source) -> ports::Delivery {
        let mut deliveries = self.broker.consume(source, 1).await.unwrap();
        deliveries.next().await.unwrap()
    }
}

fn letter(id: &str) -> Message {
    Message::json(id, body(id))
}

fn key(id: &str) -> JobKey {
    JobKey::parse(&format!("default/{id}")).unwrap()
}

fn body(id: &str) -> String {
    format!(r#"{{"id":"{id}","operation":"videos/text2video","request":{{"prompt":"x"}}}}"#)
}

fn record(id: &str, state: State) -> Record {
    let job = decode(body(id).as_bytes(), MessageFacts::default()).unwrap();
    let record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
    Record { state, ..record }
}

fn in_doubt() -> State {
    State::InDoubt {
        doubt: Doubt::begun(Timestamp::EPOCH, "its answer was lost".into(), Timestamp::EPOCH),
    }
}

#[tokio::test]
async fn a_job_that_was_put_back_is_asked_to_be_cancelled_and_the_journal_knows() {
    let fixture = Fixture::set().await;
    fixture.left(&Record { restored: true, ..record("a", State::Queued { why: None }) }).await;
    let Cancelled::Job(asked) = fixture.operator.cancel(&key("a")).await.unwrap() else {
        panic!("it was not sent")
    };
    assert!(asked.cancel_requested && asked.state.kind() == StateKind::Queued);
    let lines = fixture.journaled().await;
    assert!(lines.len() == 1 && lines[0].cancel_requested && lines[0].request.here().is_some());
}

#[tokio::test]
async fn a_job_that_nobody_has_seen_is_cancelled_ahead_once() {
    let fixture = Fixture::set().await;
    for _ in 0..2 {
        assert_eq!(fixture.operator.cancel(&key("a")).await.unwrap(), Cancelled::Unseen);
    }
    let lines = fixture.journaled().await;
    assert_eq!(lines.len(), 2, "the first line may not have reached the journal");
    assert!(lines.iter().all(|line| matches!(line.state, State::Tombstone)));
}

#[tokio::test]
async fn what_was_submitted_is_not_cancelled() {
    let fixture = Fixture::set().await;
    fixture.left(&record("a", in_doubt())).await;
    let done = fixture.operator.cancel(&key("a")).await.unwrap();
    assert!(matches!(done, Cancelled::TooLate(_)));
    assert_eq!(fixture.state("a").await, StateKind::InDoubt);
    assert!(fixture.journaled().await.is_empty());
}

#[tokio::test]
async fn a_doubt_that_is_failed_gives_its_slot_back_and_is_announced() {
    let fixture = Fixture::set().await;
    let doubted = record("a", in_doubt());
    fixture.left(&doubted).await;
    let (fence, permit) = (fixture.session.fence(), Permit::of(&doubted).unwrap());
    fixture.ledger.take_permit(&fence, &permit, &GrantTerms::default()).await.unwrap();
    let fail = Decision::Fail { error: Problem::new("in_doubt", "given up") };
    fixture.operator.settle_doubt(&key("a"), &fail).await.unwrap();
    assert_eq!(fixture.state("a").await, StateKind::Failed);
    assert_eq!(fixture.ledger.usage(&permit.pool).await.unwrap().used, 0);
    assert_eq!(fixture.journaled().await.len(), 1);
    let outbox = fixture.ledger.claim_outbox(&fence, 10, Duration::ZERO).await.unwrap();
    assert_eq!(outbox.items.len(), 1);
    let again = fixture.operator.settle_doubt(&key("a"), &fail).await;
    assert!(matches!(again, Err(Error::NotInDoubt { state: "failed", .. })), "{again:?}");
}

#[tokio::test]
async fn another_jobs_task_is_not_attached() {
    let fixture = Fixture::set().await;
    fixture.left(&record("a", in_doubt())).await;
    let task = AccountTask { account: "default".into(), id: "7".into() };
    fixture.ledger.claim_task(&fixture.session.fence(), &task, &key("b"), 1).await.unwrap();
    let attach = |id: &str| Decision::Attach { task_id: id.to_owned(), account: None };
    let done = fixture.operator.settle_doubt(&key("a"), &attach("7")).await;
    assert!(matches!(done, Err(Error::OthersTask { .. })), "{done:?}");
    for nothing in ["", "..", "7\n", "7 8"] {
        let done = fixture.operator.settle_doubt(&key("a"), &attach(nothing)).await;
        assert!(matches!(done, Err(Error::NotATask { .. })), "{nothing:?}");
    }
    assert_eq!(fixture.state("a").await, StateKind::InDoubt);
    let attached = fixture.operator.settle_doubt(&key("a"), &attach("8")).await.unwrap();
    assert_eq!(attached.task_id.as_deref(), Some("8"));
    let unknown = fixture.operator.settle_doubt(&key("c"), &attach("9")).await;
    assert!(matches!(unknown, Err(Error::Unknown(_))));
}

/// The loss of its record also took which account it was sent with.
#[tokio::test]
async fn a_task_of_another_account_is_attached_with_it() {
    let fixture = Fixture::set().await;
    fixture.left(&record("a", in_doubt())).await;
    let (task_id, account) = ("7".to_owned(), Some("other".to_owned()));
    let attach = Decision::Attach { task_id, account };
    let attached = fixture.operator.settle_doubt(&key("a"), &attach).await.unwrap();
    assert_eq!((attached.account.as_str(), attached.task_id.as_deref()), ("other", Some("7")));
    let owned = AccountTask { account: "other".into(), id: "7".into() };
    assert_eq!(fixture.ledger.task_owner(&owned).await.unwrap(), Some(key("a")));
    let pool = Permit::of(&attached).unwrap().pool;
    assert_eq!(fixture.ledger.usage(&pool).await.unwrap().used, 1, "its task may be running");
}

/// The headers do not show whether it was sent, and an emptied ledger has no record of it.
#[tokio::test]
async fn what_the_broker_gave_up_may_have_been_sent() {
    let fixture = Fixture::set().await;
    fixture.dead_lettered(letter("a").header(header::DEATH, "expired")).await;
    assert_eq!(fixture.replayed().await, Reached::Provider);
    let claimed = letter("b").header(header::DEATH, "expired").header(header::REACHED, "nothing");
    fixture.dead_lettered(claimed).await;
    assert_eq!(fixture.replayed().await, Reached::Provider, "it was said before it was taken");
    fixture.dead_lettered(letter("c").header(header::REASON, "invalid")).await;
    assert_eq!(fixture.replayed().await, Reached::Provider, "by a version that did not say it");
}

/// Workers send, hash and keep it as text; the letter has it as its producer wrote it.
#[tokio::test]
async fn a_number_in_place_of_text_is_the_same_job_when_it_is_replayed() {
    let fixture = Fixture::set().await;
    let body = |duration| body("a").replace(r#""x""#, &format!(r#""x","duration":{duration}"#));
    let job = decode(body(r#""5""#).as_bytes(), MessageFacts::default()).unwrap();
    let record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
    let (why, at) = ("x".to_owned(), Timestamp::EPOCH);
    fixture.left(&Record { state: State::Parked { why, doubt: None, at }, ..record }).await;
    let parked = Message::json("a", body("5")).header(header::REASON, "invalid");
    fixture.dead_lettered(parked).await;
    fixture.replayed().await;
    assert_eq!(fixture.state("a").await, StateKind::Queued);
}

#[tokio::test]
async fn what_a_worker_parked_unsent_was_not_sent_and_nothing_of_a_new_round() {
    let fixture = Fixture::set().await;
    let parked = |id| letter(id).header(header::REASON, "invalid");
    fixture.dead_lettered(parked("a").header(header::REACHED, "nothing")).await;
    assert_eq!(fixture.replayed().await, Reached::Nothing);
    let (why, at) = ("x".to_owned(), Timestamp::EPOCH);
    fixture.left(&record("b", State::Parked { why, doubt: None, at })).await;
    fixture.dead_lettered(parked("b").header(header::REACHED, "provider")).await;
    assert_eq!(fixture.replayed().await, Reached::Nothing);
    assert_eq!(fixture.state("b").await, StateKind::Queued);
}

/// The second time, the acknowledgement of the letter was lost.
#[tokio::test]
async fn a_letter_that_is_failed_twice_is_one_event() {
    let fixture = Fixture::set().await;
    let (why, at) = ("x".to_owned(), Timestamp::EPOCH);
    fixture.left(&record("a", State::Parked { why, doubt: None, at })).await;
    let fail = async || {
        fixture.dead_lettered(letter("a").header(header::REASON, "no_account")).await;
        let letter = Names::default().name(fixture.next(&Source::Dead).await);
        fixture.operator.fail_letter(letter, "too old").await.unwrap()
    };
    assert!(matches!(fail().await, Failed::Job));
    assert_eq!(fixture.state("a").await, StateKind::Failed);
    assert!(matches!(fail().await, Failed::Before));
    assert_eq!(fixture.broker.depth(&Source::Dead).await.unwrap(), 0);
    let fence = fixture.session.fence();
    let outbox = fixture.ledger.claim_outbox(&fence, 10, Duration::ZERO).await.unwrap();
    assert_eq!(outbox.items.len(), 1);
}

#[tokio::test]
async fn letters_are_selected_by_what_they_say() {
    let fixture = Fixture::set().await;
    let at = |at: i64| Timestamp::from_millis(at);
    let dead = letter("a").header(header::REASON, "no_account").header(header::DEAD_AT, "5000");
    fixture.dead_lettered(dead).await;
    let letter = Names::default().name(fixture.next(&Source::Dead).await);
    let is = |filter: LetterFilter| LetterSelection::Filtered(filter).takes(&letter);
    let any = LetterFilter::default;
    assert!(is(any()));
    for (reasons, taken) in [
        (vec!["no_account"], true),
        (vec!["conflict", "no_account"], true),
        (vec!["conflict"], false),
    ] {
        let reasons = reasons.into_iter().map(str::to_owned).collect();
        assert_eq!(is(LetterFilter { reasons, ..any() }), taken);
    }
    for (tenant, taken) in [("default", true), ("acme", false)] {
        assert_eq!(is(LetterFilter { tenant: Tenant::new(tenant).ok(), ..any() }), taken);
    }
    for (operation, taken) in [("videos/text2video", true), ("images/generations", false)] {
        assert_eq!(is(LetterFilter { operation: Some(Operation::new(operation)), ..any() }), taken);
    }
    for (before, taken) in [(5_001, true), (5_000, false)] {
        assert_eq!(is(LetterFilter { before: Some(at(before)), ..any() }), taken);
    }
    let named =
        |name: &str| LetterSelection::Named(HashSet::from([name.to_owned()])).takes(&letter);
    assert!(named("a") && named("default/a") && named(&letter.name));
    assert!(!named("b") && !named("acme/a") && !named(""));
}

#[tokio::test]
async fn only_unsubmitted_jobs_that_were_published_until_then_are_selected_and_cancelled() {
    let fixture = Fixture::set().await;
    let waiting = |id: &str, published: i64| {
        let at = Timestamp::from_millis(published);
        let state = State::Waiting { why: "full".to_owned(), since: at, next_look: at };
        let created_at = Timestamp::from_millis(5_000);
        Record { enqueued_at: Some(at), created_at, acknowledged: true, ..record(id, state) }
    };
    let next_look = Timestamp::from_millis(9_000);
    let pending = State::Pending { status: "processing".to_owned(), looks: 0, next_look };
    let mut other = waiting("other", 1_000);
    other.model = Some("kling-v1-6".to_owned());
    for record in [waiting("old", 1_000), waiting("new", 3_000), other, record("sent", pending)] {
        fixture.left(&record).await;
    }
    let filter = ports::ListFilter { limit: 100, ..Default::default() };
    let selection = operator::Selection { filter, ..Default::default() };
    let until = Timestamp::from_millis(2_000);
    let found = fixture.operator.unsubmitted(&selection, until).await.unwrap();
    assert_eq!(found, [key("other"), key("old")]);
    let model = Some("kling-v1-6".to_owned());
    let selection = operator::Selection { model, ..selection };
    let found = fixture.operator.unsubmitted(&selection, until).await.unwrap();
    assert_eq!(found, [key("other")]);
    let mixed = ["other", "sent", "unknown"].map(key).to_vec();
    let tally = fixture.operator.cancel_many(mixed).await.unwrap();
    assert_eq!((tally.cancelled, tally.too_late, tally.unseen), (1, 1, 1));
    assert_eq!(fixture.state("other").await, StateKind::Cancelled);
    assert_eq!(fixture.state("old").await, StateKind::Waiting);
}

/// A record of a job that has failed in this round.
fn failed(round: u32) -> Record {
    let error = Problem::new("moderation", "x");
    let state = State::Settled { outcome: Outcome::Failed { error }, at: Timestamp::EPOCH };
    Record { round, ..record("a", state) }
}

#[tokio::test]
async fn only_the_round_that_an_operator_has_seen_is_retried() {
    let set = Fixture::set().await;
    set.left(&failed(2)).await;
    let late = set.operator.retry(&key("a"), 1).await.unwrap();
    assert!(matches!(late, Retried::Stays(_, NotRetried::LaterRound)), "{late:?}");
    let begun = set.operator.retry(&key("a"), 2).await.unwrap();
    assert!(matches!(begun, Retried::Begun(record) if record.round == 3));
    let repeated = set.operator.retry(&key("a"), 2).await.unwrap();
    assert!(matches!(repeated, Retried::Stays(_, NotRetried::UnderWay)), "{repeated:?}");
}

/// Its records may be older than what was paid for.
#[tokio::test]
async fn no_round_begins_while_the_ledger_is_rebuilt() {
    let set = Fixture::set().await;
    set.left(&failed(1)).await;
    set.ledger.distrust().await.unwrap();
    let noticed = async {
        while set.session.phase() != Phase::Rebuilding {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), noticed).await.unwrap();
    let refused = set.operator.retry(&key("a"), 1).await;
    assert!(matches!(refused, Err(Error::Rebuilding)), "{refused:?}");
}
