//! The number of shards is fixed when a ledger first starts.

use crate::fixture::server::{Told, server};
use crate::fixture::{LONG, created, key, member, settings};
use ledger_redis::{RedisLedger, Settings};
use ports::{LedgerError, Members, Records};

fn refused<T>(answer: Result<T, LedgerError>, there: u16) {
    let needed = format!("this ledger has {there} shards");
    match answer.map(drop) {
        Err(LedgerError::Denied(text)) => assert!(text.starts_with(&needed), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_number_than_the_first_one_is_refused() {
    let server = server(&[]).await;
    for (first, then) in [(4, 8), (8, 4), (1, 2), (64, 63)] {
        let first = Settings { shards: first, ..settings(&server.url()) };
        let other = Settings { shards: then, ..first.clone() };
        // Both may connect to an empty ledger; the first to join decides.
        let (one, two) = (
            RedisLedger::connect(first.clone()).await.unwrap(),
            RedisLedger::connect(other.clone()).await.unwrap(),
        );
        let fence = member(&one, 1).await;
        created(&one, &fence, "a").await;
        refused(two.join(some_time(), LONG).await, first.shards);
        refused(RedisLedger::connect(other.clone()).await, first.shards);
        // The generation goes, the records stay.
        server.tell(&["DEL", &format!("{{{}:0}}:generation", first.namespace)]);
        refused(RedisLedger::connect(other).await, first.shards);
        let again = RedisLedger::connect(first).await.unwrap();
        assert!(again.load(&key("a")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn after_a_complete_loss_the_configured_number_counts() {
    let server = server(&[]).await;
    let before = settings(&server.url());
    let old = RedisLedger::connect(before.clone()).await.unwrap();
    member(&old, 1).await;
    server.tell(&["FLUSHALL"]);
    let wider = Settings { shards: 16, ..before };
    let new = RedisLedger::connect(wider).await.unwrap();
    let fence = member(&new, 2).await;
    created(&new, &fence, "a").await;
    refused(old.join(some_time(), LONG).await, 16);
}

#[tokio::test]
async fn a_ledger_of_an_earlier_version_has_four() {
    let server = server(&[]).await;
    let four = settings(&server.url());
    let eight = Settings { shards: 8, ..four.clone() };
    let ledger = RedisLedger::connect(four.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    created(&ledger, &fence, "a").await;
    let namespace = &four.namespace;
    for tag in ["0", "1", "2", "3", "permits"] {
        server.tell(&["DEL", &format!("{{{namespace}:{tag}}}:shards")]);
    }
    refused(RedisLedger::connect(eight.clone()).await, 4);
    // Not even its generation is left.
    for tag in ["0", "1", "2", "3", "permits"] {
        server.tell(&["DEL", &format!("{{{namespace}:{tag}}}:generation")]);
    }
    let wrong = RedisLedger::connect(eight).await.unwrap();
    refused(wrong.join(some_time(), LONG).await, 4);
    let right = RedisLedger::connect(four.clone()).await.unwrap();
    member(&right, 2).await;
    let stored = server.tell(&["GET", &format!("{{{namespace}:permits}}:shards")]);
    assert_eq!(stored.text(), "4");
}

#[tokio::test]
async fn two_processes_that_start_at_once_agree() {
    let server = server(&[]).await;
    for _ in 0..20 {
        let few = Settings { shards: 2, ..settings(&server.url()) };
        let many = Settings { shards: 3, ..few.clone() };
        let (few, many) =
            (RedisLedger::connect(few).await.unwrap(), RedisLedger::connect(many).await.unwrap());
        let (one, two) = tokio::join!(few.join(some_time(), LONG), many.join(some_time(), LONG));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    }
}

#[tokio::test]
async fn a_number_out_of_range_is_refused() {
    for shards in [0, 65] {
        let settings = Settings { shards, ..settings("redis://127.0.0.1") };
        let answer = RedisLedger::connect(settings).await.map(drop);
        assert!(matches!(answer, Err(LedgerError::Denied(_))), "{answer:?}");
    }
}

fn some_time() -> job::Timestamp {
    job::Timestamp::from_millis(1)
}
