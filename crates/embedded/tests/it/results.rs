//! Results and the journal.

use ports::{Destination, JournalStart, Source};
use rusqlite::Connection;

use crate::fixture::{
    drain, ended, message, next, open, publish, quiet, results, to_results, until,
};

const DONE: &str = "videos.text2video.succeeded";

#[tokio::test]
async fn each_subscription_gets_its_own_copy_of_what_it_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    let mut all = broker.consume(&results(Some("all"), "#"), 8).await.unwrap();
    let mut good = broker.consume(&results(None, "videos.*.succeeded"), 8).await.unwrap();
    for (id, key) in [(1, DONE), (2, "images.generations.failed"), (3, DONE)] {
        broker.publish(&to_results(key), message(id)).await.unwrap();
    }
    assert_eq!(next(&mut all).await.routing_key, DONE);
    let ids = [drain(&mut all, 2).await, drain(&mut good, 2).await];
    assert_eq!(ids, [["2", "3"], ["1", "3"]]);
    quiet(&mut good).await;
}

#[tokio::test]
async fn a_name_keeps_while_nobody_listens_and_is_shared() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    let source = results(Some("billing"), "#");
    drop(broker.consume(&source, 1).await.unwrap());
    publish(broker.as_ref(), &to_results(DONE), 0..4).await;
    assert_eq!(broker.depth(&source).await.unwrap(), 4);
    let mut one = broker.consume(&source, 1).await.unwrap();
    let mut two = broker.consume(&source, 1).await.unwrap();
    let held = [next(&mut one).await, next(&mut two).await];
    assert_eq!(held.map(|delivery| delivery.message.id), ["0", "1"]);
}

#[tokio::test]
async fn without_a_name_only_what_comes_from_now_on() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_results(DONE), 0..1).await;
    let mut deliveries = broker.consume(&results(None, "#"), 1).await.unwrap();
    publish(broker.as_ref(), &to_results(DONE), 1..3).await;
    let held = next(&mut deliveries).await;
    assert_eq!(held.message.id, "1");
    drop(deliveries);
    // It can be settled after its consumer has ended; then the queue is removed.
    held.ack().await.unwrap();
    let sql = Connection::open(dir.path().join("reelwork.db")).unwrap();
    until("the queue is gone", async || count(&sql, "queue WHERE process IS NOT NULL") == 0).await;
    // The first had no subscriber; the third was removed with the queue.
    assert_eq!([count(&sql, "message"), count(&sql, "binding"), count(&sql, "held")], [1, 0, 0]);
}

fn count(sql: &Connection, what: &str) -> i64 {
    sql.query_row(&format!("SELECT count(*) FROM {what}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn the_journal_is_read_from_anywhere_and_any_number_of_times() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &Destination::Journal, 0..300).await;
    for _ in 0..2 {
        let mut first = broker.consume(&Source::Journal(JournalStart::First), 7).await.unwrap();
        for expected in 0..300u64 {
            let line = next(&mut first).await;
            assert_eq!(
                (line.offset, line.message.id.clone()),
                (Some(expected), expected.to_string())
            );
            line.ack().await.unwrap();
        }
    }
    let from = Source::Journal(JournalStart::Offset(298));
    let mut late = broker.consume(&from, 9).await.unwrap();
    assert_eq!(drain(&mut late, 2).await, ["298", "299"]);
    assert_eq!(broker.depth(&from).await.unwrap(), 2);
}

#[tokio::test]
async fn a_follower_of_the_journal_gets_what_is_appended() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &Destination::Journal, 0..2).await;
    let mut tail = broker.consume(&Source::Journal(JournalStart::End), 2).await.unwrap();
    quiet(&mut tail).await;
    publish(broker.as_ref(), &Destination::Journal, 2..5).await;
    let held = [next(&mut tail).await, next(&mut tail).await];
    // Both are unsettled, and the prefetch is two.
    quiet(&mut tail).await;
    drop(held);
    assert_eq!(next(&mut tail).await.offset, Some(4));
    tail.cancel().await;
    ended(&mut tail).await;
}

#[tokio::test]
async fn closing_ends_a_follower_of_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = open(&dir);
    let mut tail = embedded.broker().consume(&Source::Journal(JournalStart::End), 2).await.unwrap();
    let waiting = tokio::spawn(async move { tail.next().await.is_none() });
    embedded.close().await;
    assert!(tokio::time::timeout(crate::fixture::DEADLINE, waiting).await.unwrap().unwrap());
}
