//! Several processes on one file, and what a dead one leaves behind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use embedded::{Embedded, Settings};
use job::{JobKey, MessageFacts, Record, State, Timestamp, decode};
use ports::{
    Broker, Created, Deliveries, Fence, JournalStart, Ledger, LedgerError, OutboxEntry,
    PublishError, Source, Stored, Write,
};

use crate::child::{Kid, file, say};
use crate::fixture::{
    DEADLINE, LANE, drain, message, next, open, publish, results, to_lane, to_results, until,
};

/// Far longer than a test takes: a claim that ends before it has not expired.
const LONG: Duration = Duration::from_secs(600);

/// Well below [`LONG`], and enough for a busy machine.
const SOON: Duration = Duration::from_secs(5);

fn opened(path: &Path) -> Embedded {
    Embedded::open(Settings::new(path, "test")).unwrap()
}

fn record(id: &str, state: State) -> Record {
    let body = format!(r#"{{"id":"{id}","operation":"videos/text2video","request":{{}}}}"#);
    let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
    let mut record = Record::new(&job, "default", "test", Timestamp::from_millis(1));
    record.state = state;
    record
}

fn submitting(id: &str, fence: &Fence) -> Write {
    let owner = fence.owner.clone();
    let state = State::Submitting {
        owner,
        intent: String::new(),
        post_deadline: Timestamp::from_millis(1),
    };
    let record = record(id, state);
    let entry = OutboxEntry {
        id: format!("event of {id}"),
        key: record.key.clone(),
        to: to_results("videos.text2video.submitted"),
        message: message(1),
        closes: false,
        tries: 0,
    };
    let due = Some(Timestamp::from_millis(1));
    Write { record, due, outbox: vec![entry], outbox_lease: LONG }
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_held_is_free_at_once() {
    if let Some(path) = file() {
        return hold_everything(&opened(&path)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("reelwork.db");
    let embedded = opened(&path);
    publish(embedded.broker().as_ref(), &to_lane(), 0..1).await;
    let name = "processes::what_a_killed_process_held_is_free_at_once";
    let mut kid = Kid::spawn(name, &path);
    assert_eq!(kid.hear().as_deref(), Some("holding"));

    let ledger = embedded.ledger();
    let fence = ledger.join(Timestamp::from_millis(2), LONG).await.unwrap();
    assert!(the_job(&ledger).await.owner_alive);
    assert!(ledger.claim_due(&fence, 9, LONG).await.unwrap().items.is_empty());
    assert!(ledger.claim_outbox(&fence, 9, LONG).await.unwrap().items.is_empty());
    let mut deliveries = embedded.broker().consume(&LANE, 1).await.unwrap();
    crate::fixture::quiet(&mut deliveries).await;

    kid.kill();
    let killed = Instant::now();
    let delivery = next(&mut deliveries).await;
    assert_eq!((delivery.redelivered, delivery.delivery_count), (true, 1));
    assert!(!the_job(&ledger).await.owner_alive);
    let due = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    assert_eq!(due.items.len(), 1);
    assert_eq!(ledger.claim_outbox(&fence, 9, LONG).await.unwrap().items.len(), 1);
    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    // The unnamed subscription was removed with its process.
    let sql = rusqlite::Connection::open(&path).unwrap();
    let count = "SELECT count(*) FROM queue WHERE process IS NOT NULL";
    assert_eq!(sql.query_row(count, [], |row| row.get::<_, u32>(0)).unwrap(), 0);
}

async fn the_job(ledger: &Arc<dyn Ledger>) -> Stored {
    ledger.load(&JobKey::parse("default/job").unwrap()).await.unwrap().unwrap()
}

/// In the child: a delivery, a lease, a submitting record, its claim and its outbox entry.
async fn hold_everything(embedded: &Embedded) {
    let (broker, ledger) = (embedded.broker(), embedded.ledger());
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    let _delivery = next(&mut deliveries).await;
    let _results = broker.consume(&results(None, "#"), 1).await.unwrap();
    let fence = ledger.join(Timestamp::from_millis(1), LONG).await.unwrap();
    let write = submitting("job", &fence);
    assert_eq!(ledger.create(&fence, write).await.unwrap(), Created::New);
    assert_eq!(ledger.claim_due(&fence, 9, LONG).await.unwrap().items.len(), 1);
    say("holding");
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_confirmed_before_a_kill_is_there() {
    if let Some(path) = file() {
        return publish_for_ever(opened(&path).broker()).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("reelwork.db");
    let mut kid = Kid::spawn("processes::what_was_confirmed_before_a_kill_is_there", &path);
    let mut confirmed: BTreeSet<String> = (0..500).map(|_| kid.hear().unwrap()).collect();
    kid.kill();
    while let Some(id) = kid.hear() {
        confirmed.insert(id);
    }

    let broker = opened(&path).broker();
    let depth = broker.depth(&LANE).await.unwrap();
    let mut deliveries = broker.consume(&LANE, 256).await.unwrap();
    let found: BTreeSet<_> =
        drain(&mut deliveries, usize::try_from(depth).unwrap()).await.into_iter().collect();
    let lost: Vec<_> = confirmed.difference(&found).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
}

async fn publish_for_ever(broker: Arc<dyn Broker>) {
    let publishers = (0..16u32).map(|publisher| {
        let broker = broker.clone();
        tokio::spawn(async move {
            for n in 0u32.. {
                let id = format!("{publisher}-{n}");
                broker.publish(&to_lane(), message(&id)).await.unwrap();
                say(id);
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_and_no_loss() {
    if let Some(path) = file() {
        return fill_the_disk(&opened(&path)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("reelwork.db");
    drop(opened(&path));
    let name = "processes::a_full_disk_is_an_error_and_no_loss";
    let mut kid = Kid::spawn_limited(name, &path, 8_192);
    let confirmed: u64 = kid.hear().unwrap().parse().unwrap();
    assert!(kid.ends_well());
    // One of them was delivered but could not be acknowledged: it is ready again.
    let broker = opened(&path).broker();
    assert_eq!(broker.depth(&LANE).await.unwrap(), confirmed);
    assert!(confirmed > 10, "{confirmed}");
}

/// In the child, whose files cannot grow past 4 MiB.
async fn fill_the_disk(embedded: &Embedded) {
    let (broker, ledger) = (embedded.broker(), embedded.ledger());
    let fence = ledger.join(Timestamp::from_millis(1), LONG).await.unwrap();
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    let confirmed = fill(broker.as_ref(), 64 * 1024).await + fill(broker.as_ref(), 0).await;
    let write = submitting("job", &fence);
    let created = ledger.create(&fence, write).await;
    assert!(matches!(created, Err(LedgerError::Unavailable(_))), "{created:?}");
    // Reads still work; a delivery can still be settled later.
    assert_eq!(broker.depth(&LANE).await.unwrap(), confirmed - 1);
    let held = next(&mut deliveries).await;
    let acked = held.ack().await;
    assert!(matches!(acked, Err(PublishError::Unknown(_))), "{acked:?}");
    say(confirmed);
}

/// Publishes until the disk is certainly full; returns how many were confirmed.
async fn fill(broker: &dyn Broker, bytes: usize) -> u64 {
    let (mut confirmed, mut refused) = (0, 0);
    while refused < 5 {
        let mut large = message(confirmed);
        large.body = vec![b'x'; bytes].into();
        match broker.publish(&to_lane(), large).await {
            Ok(()) => (confirmed, refused) = (confirmed + 1, 0),
            Err(PublishError::Refused(_) | PublishError::Unknown(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    confirmed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_busy_too_long_is_an_error_and_no_loss() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_lane(), 0..2).await;
    let mut deliveries = broker.consume(&LANE, 2).await.unwrap();
    let held = [next(&mut deliveries).await, next(&mut deliveries).await];
    let other = rusqlite::Connection::open(dir.path().join("reelwork.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let lane = to_lane();
    let publishing = broker.publish(&lane, message(9));
    let [acked, returned] = held;
    let (published, acked) = within(async { tokio::join!(publishing, acked.ack()) }).await;
    assert!(matches!(published, Err(PublishError::Refused(_))), "{published:?}");
    assert!(matches!(acked, Err(PublishError::Unknown(_))), "{acked:?}");
    drop(returned);
    other.execute_batch("ROLLBACK").unwrap();
    // No process can settle them any more: they are delivered again without a request.
    let mut again = [next(&mut deliveries).await, next(&mut deliveries).await];
    again.sort_by_key(|delivery| delivery.message.id.clone());
    let ids = again.map(|delivery| (delivery.message.id.clone(), delivery.delivery_count));
    assert_eq!(ids, [("0".to_owned(), 1), ("1".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (open(&dir).broker(), open(&dir).broker());
    let mut jobs = here.consume(&LANE, 4).await.unwrap();
    let mut events = here.consume(&results(None, "#"), 4).await.unwrap();
    let mut journal = here.consume(&Source::Journal(JournalStart::End), 4).await.unwrap();
    let done = to_results("videos.x.succeeded");
    for to in [to_lane(), done, ports::Destination::Journal] {
        there.publish(&to, message(1)).await.unwrap();
    }
    for deliveries in [&mut jobs, &mut events, &mut journal] {
        next(deliveries).await.ack().await.unwrap();
    }
    assert_eq!(there.depth(&LANE).await.unwrap(), 0);
    // Now while the journal's reader already waits.
    let publishing = async {
        crate::fixture::quiet(&mut jobs).await;
        there.publish(&ports::Destination::Journal, message(2)).await.unwrap();
    };
    let (line, ()) = tokio::join!(next(&mut journal), publishing);
    assert_eq!(line.message.id, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_busy_processes_lose_and_repeat_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let handles = [open(&dir), open(&dir)];
    const EACH: u32 = 400;
    let mut tasks = Vec::new();
    for (n, handle) in (0u32..).zip(&handles) {
        let broker = handle.broker();
        tasks.push(tokio::spawn(async move {
            publish(broker.as_ref(), &to_lane(), n * EACH..(n + 1) * EACH).await;
        }));
    }
    let (seen, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for handle in &handles {
        let mut deliveries = handle.broker().consume(&LANE, 16).await.unwrap();
        let seen = seen.clone();
        tasks.push(tokio::spawn(async move {
            while let Some(delivery) = deliveries.next().await {
                let id = delivery.message.id.clone();
                delivery.ack().await.unwrap();
                seen.send(id).unwrap();
            }
        }));
    }
    drop(seen);
    let mut counts = BTreeMap::<String, u32>::new();
    for _ in 0..2 * EACH {
        *counts.entry(within(heard.recv()).await.unwrap()).or_default() += 1;
    }
    let [one, two] = handles;
    within(one.close()).await;
    within(two.close()).await;
    assert!(heard.recv().await.is_none());
    assert_eq!(counts.len(), 2 * EACH as usize);
    assert_eq!(open(&dir).broker().depth(&LANE).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fences_hold_across_processes() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (open(&dir), open(&dir));
    let mine = here.ledger().join(Timestamp::from_millis(1), LONG).await.unwrap();
    let theirs = there.ledger().join(Timestamp::from_millis(2), LONG).await.unwrap();
    assert_eq!(mine.generation, theirs.generation);
    let write = submitting("job", &theirs);
    assert_eq!(there.ledger().create(&theirs, write.clone()).await.unwrap(), Created::New);
    assert!(the_job(&here.ledger()).await.owner_alive);
    // A process that closes ends its leases and writes nothing more.
    let ledger = there.ledger();
    there.close().await;
    assert!(!the_job(&here.ledger()).await.owner_alive);
    assert_eq!(here.ledger().renew(&theirs, LONG).await, Err(LedgerError::Fenced));
    assert_eq!(here.ledger().swap(&theirs, 1, write).await, Err(LedgerError::Fenced));
    assert!(matches!(ledger.renew(&theirs, LONG).await, Err(LedgerError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_is_dropped_leaves_nothing_held() {
    let dir = tempfile::tempdir().unwrap();
    let here = open(&dir).broker();
    let there = open(&dir);
    publish(here.as_ref(), &to_lane(), 0..2).await;
    let mut taken: Box<dyn Deliveries> = there.broker().consume(&LANE, 2).await.unwrap();
    let held = next(&mut taken).await;
    drop((there, taken, held));
    until("both are back", async || here.depth(&LANE).await.unwrap() == 2).await;
    let locks = dir.path().join("reelwork.db.locks");
    let count = || std::fs::read_dir(&locks).unwrap().count();
    until("its lock file is gone", async || count() == 1).await;
}
