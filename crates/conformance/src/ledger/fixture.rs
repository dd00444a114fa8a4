use std::time::Duration;

use bytes::Bytes;
use job::{
    Doubt, JobId, JobKey, Kept, MessageFacts, Outcome, Record, State, Tenant, Timestamp, decode,
};
use tokio::time::Instant;

use ports::{
    Created, Destination, Fence, Ledger, LedgerError, Message, OutboxEntry, OutboxId, Stored,
    Swapped, Write,
};

/// Longer than any case takes.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Long enough to be seen, short enough to be waited for.
pub(super) const SHORT: Duration = Duration::from_millis(150);

/// A store with several parts reads their clocks one after the other.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// Due whatever the store's clock says.
pub(super) const PAST: Timestamp = Timestamp::from_millis(1_000);

/// Not due while a case runs.
pub(super) const FUTURE: Timestamp = Timestamp::from_millis(9_000_000_000_000);

pub(super) const CREATED: Timestamp = Timestamp::from_millis(1_700_000_000_000);

pub(super) async fn member(ledger: &dyn Ledger) -> Fence {
    ledger.join(CREATED, LONG).await.unwrap()
}

pub(super) fn key(id: &str) -> JobKey {
    JobKey::new(Tenant::default(), JobId::new(id).unwrap())
}

/// A queued job of the default tenant.
pub(super) fn record(id: &str) -> Record {
    record_of(&key(id))
}

pub(super) fn record_of(key: &JobKey) -> Record {
    let message = serde_json::json!({
        "id": key.id, "tenant": key.tenant, "operation": "videos/text2video",
        "request": {"prompt": "a cat", "duration": "5"}, "metadata": {"order": "42"},
    });
    let body = serde_json::to_vec(&message).unwrap();
    let job = decode(&body, MessageFacts::default()).unwrap();
    Record::new(&job, "default", "conformance", CREATED)
}

pub(super) fn in_state(id: &str, state: State) -> Record {
    let mut record = record(id);
    record.state = state;
    record
}

/// As a ledger returns it: with the request stored apart.
pub(super) fn shown(record: &Record) -> Record {
    let request = match record.request {
        Kept::Nothing => Kept::Nothing,
        Kept::Here(_) | Kept::Apart => Kept::Apart,
    };
    Record { request, ..record.clone() }
}

pub(super) fn submitting(owner: &str) -> State {
    State::Submitting { owner: owner.to_owned(), intent: String::new(), post_deadline: FUTURE }
}

pub(super) fn pending() -> State {
    State::Pending { status: "processing".to_owned(), looks: 1, next_look: FUTURE }
}

pub(super) fn in_doubt() -> State {
    State::InDoubt {
        doubt: Doubt {
            since: CREATED,
            cause: "answer lost".to_owned(),
            settles_at: CREATED,
            denials: 0,
            looks: 0,
            next_look: FUTURE,
            evidence: Vec::new(),
            intent: None,
        },
    }
}

pub(super) fn settled() -> State {
    State::Settled { outcome: Outcome::Cancelled, at: CREATED }
}

pub(super) fn parked() -> State {
    State::Parked { why: "cannot tell".to_owned(), doubt: None, at: CREATED }
}

/// Neither due nor with an outbox entry.
pub(super) fn plain(record: Record) -> Write {
    Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO }
}

pub(super) fn due_at(record: Record, due: Timestamp) -> Write {
    Write { due: Some(due), ..plain(record) }
}

/// With one outbox entry that any process may publish at once.
pub(super) fn saying(record: Record, entry: OutboxEntry) -> Write {
    Write { outbox: vec![entry], ..plain(record) }
}

pub(super) fn entry(record: &Record, id: &str, closes: bool) -> OutboxEntry {
    let body = Bytes::from_static(b"{\"a\":\"line\nbreak\"}\n\x00\xff");
    OutboxEntry {
        id: id.to_owned(),
        key: record.key.clone(),
        to: Destination::Results { routing_key: "videos.text2video.succeeded".to_owned() },
        message: Message::json(id, body).header("h", "v\nw"),
        closes,
        tries: 0,
    }
}

pub(super) async fn created(ledger: &dyn Ledger, fence: &Fence, write: Write) {
    assert_eq!(ledger.create(fence, write).await.unwrap(), Created::New);
}

/// Swaps from the expected version, and returns the next one.
pub(super) async fn swapped(
    ledger: &dyn Ledger,
    fence: &Fence,
    expected: u64,
    write: Write,
) -> u64 {
    match ledger.swap(fence, expected, write).await.unwrap() {
        Swapped::Done(version) => version,
        Swapped::Stale(there) => panic!("expected version {expected}, found {there:?}"),
    }
}

pub(super) async fn loaded(ledger: &dyn Ledger, id: &str) -> Stored {
    let stored = ledger.load(&key(id)).await.unwrap();
    stored.unwrap_or_else(|| panic!("no record of {id}"))
}

/// A write that changes nothing, to learn whether the fence still holds.
pub(super) async fn fence_of(ledger: &dyn Ledger, fence: &Fence) -> Result<(), LedgerError> {
    let unknown = OutboxId { key: key("unknown"), id: "unknown".to_owned() };
    ledger.postpone(fence, &unknown, LONG).await
}

/// Whether the lease has ended everywhere: a store may keep it in several places, and each copy
/// ends a moment after the one before.
pub(super) async fn has_ended(ledger: &dyn Ledger, fence: &Fence) -> bool {
    let mut answers =
        vec![ledger.end_turn(fence, "pool").await.err(), ledger.follow(fence).await.err()];
    for name in ["there", "new", "unknown"] {
        let id = OutboxId { key: key(name), id: "unknown".to_owned() };
        answers.push(ledger.postpone(fence, &id, LONG).await.err());
    }
    answers.iter().all(|answer| *answer == Some(LedgerError::Fenced))
}

/// Repeats the question until the answer is yes: each store has its own clock.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !is_so().await {
        assert!(Instant::now() < deadline, "in vain: waited for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The same random numbers for the same seed on every machine (xorshift).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: u64) -> usize {
        for (left, shift) in [(true, 13), (false, 7), (true, 17)] {
            self.0 ^= if left { self.0 << shift } else { self.0 >> shift };
        }
        ((self.0 >> 11) % sides) as usize
    }
}
