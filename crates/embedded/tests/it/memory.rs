//! Tests of the ledger that the shared suite does not contain.

use std::time::{Duration, Instant};

use embedded::{Embedded, Settings};
use job::{JobKey, MessageFacts, Outcome, Record, State, Timestamp, decode};
use ports::{Created, Fence, Ledger, LedgerError, OutboxEntry, Write};

use crate::fixture::{QUIET, message, open, to_results, until};

const LONG: Duration = Duration::from_secs(600);
const ZERO: Timestamp = Timestamp::from_millis(0);

fn settled(id: &str, events: &[&str]) -> Write {
    let body = format!(r#"{{"id":"{id}","operation":"videos/text2video","request":{{}}}}"#);
    let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
    let mut record = Record::new(&job, "default", "test", ZERO);
    record.state = State::Settled { outcome: Outcome::Cancelled, at: ZERO };
    let entry = |event: &&str| OutboxEntry {
        id: (*event).to_owned(),
        key: record.key.clone(),
        to: to_results("videos.text2video.cancelled"),
        message: message(event),
        closes: true,
        tries: 0,
    };
    let outbox = events.iter().map(entry).collect();
    Write { record, due: None, outbox, outbox_lease: LONG }
}

async fn is_there(ledger: &dyn Ledger, key: &JobKey) -> bool {
    ledger.load(key).await.unwrap().is_some()
}

#[tokio::test]
async fn retention_begins_with_the_last_announcement() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(dir.path().join("reelwork.db"), "test");
    settings.retention = Duration::from_millis(1);
    let ledger = Embedded::open(settings).unwrap().ledger();
    let fence = ledger.join(ZERO, LONG).await.unwrap();
    let write = settled("job", &["round 1", "round 2"]);
    assert_eq!(ledger.create(&fence, write.clone()).await.unwrap(), Created::New);
    let key = &write.record.key;
    ledger.announced(&fence, &[write.outbox[0].outbox_id()]).await.unwrap();
    tokio::time::sleep(QUIET).await;
    assert!(is_there(ledger.as_ref(), key).await, "one outcome is still to be announced");
    ledger.announced(&fence, &[write.outbox[1].outbox_id()]).await.unwrap();
    until("it has expired", async || !is_there(ledger.as_ref(), key).await).await;
}

/// Before housekeeping removes it, which would take ten seconds.
#[tokio::test]
async fn a_lease_ends_when_its_time_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).ledger();
    let fence: Fence = ledger.join(ZERO, Duration::from_millis(100)).await.unwrap();
    let begun = Instant::now();
    let ended = async || ledger.give_permits(&fence, &[]).await == Err(LedgerError::Fenced);
    until("it has ended", ended).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(ledger.renew(&fence, LONG).await, Err(LedgerError::Fenced));
}

#[tokio::test]
async fn what_is_remembered_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(&dir);
    let fence = first.ledger().join(Timestamp::from_millis(7), LONG).await.unwrap();
    let write = settled("job", &["event"]);
    first.ledger().create(&fence, write.clone()).await.unwrap();
    first.close().await;
    let second = open(&dir).ledger();
    let stored = second.load_whole(&write.record.key).await.unwrap().unwrap();
    assert_eq!((stored.record, stored.version), (write.record, 1));
    assert_eq!(second.generation().await.unwrap(), Some(fence.generation));
}

/// As written by a version that stored the request inside the record.
#[tokio::test]
async fn a_request_inside_a_record_is_read_and_moves_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).ledger();
    let fence = ledger.join(ZERO, LONG).await.unwrap();
    let write = settled("job", &[]);
    ledger.create(&fence, write.clone()).await.unwrap();
    let sql = rusqlite::Connection::open(dir.path().join("reelwork.db")).unwrap();
    let body = serde_json::to_string(&write.record).unwrap();
    sql.execute("UPDATE record SET body = ?1", [&body]).unwrap();
    sql.execute("DELETE FROM request", []).unwrap();
    let stored = ledger.load(&write.record.key).await.unwrap().unwrap();
    assert_eq!(stored.record, write.record);
    assert_eq!(ledger.load_whole(&write.record.key).await.unwrap().unwrap(), stored);
    let again = Write { record: stored.record, ..write.clone() };
    assert_eq!(ledger.swap(&fence, 1, again).await, Ok(ports::Swapped::Done(2)));
    assert!(ledger.load(&write.record.key).await.unwrap().unwrap().record.request.is_apart());
    let whole = ledger.load_whole(&write.record.key).await.unwrap().unwrap();
    assert_eq!(whole.record, write.record);
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).ledger();
    let fence = ledger.join(ZERO, LONG).await.unwrap();
    let write = settled("job", &[]);
    ledger.create(&fence, write.clone()).await.unwrap();
    let sql = rusqlite::Connection::open(dir.path().join("reelwork.db")).unwrap();
    sql.execute("UPDATE record SET body = '{'", []).unwrap();
    let error = ledger.load(&write.record.key).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Corrupt { key, .. } if key == "default/job"), "{error}");
}
