//! The server dies, freezes, loses its data or is replaced by another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::fixture::server::{TIMEOUT, Told, server};
use crate::fixture::wire::swallowing_wire;
use crate::fixture::{LONG, created, key, member, settings, until, write};
use job::{Allowance, Allowed, Money};
use ledger_redis::{RedisLedger, Settings};
use ports::{Allowances, Created, Ledger, LedgerError, Members, Records, Swapped, WaitingRoom};
use tokio::net::TcpListener;
use tokio::time::Instant;

fn impatient(url: &str) -> Settings {
    Settings { timeout: TIMEOUT, ..settings(url) }
}

fn unavailable<T: std::fmt::Debug>(answer: Result<T, LedgerError>) {
    assert!(matches!(answer, Err(LedgerError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_killed_server_is_unavailable_and_a_restart_begins_a_generation() {
    let mut server = server(&["appendonly yes", "appendfsync always"]).await;
    let ledger = RedisLedger::connect(impatient(&server.url())).await.unwrap();
    let before = member(&ledger, 1).await;
    created(&ledger, &before, "a").await;

    server.kill();
    for _ in 0..3 {
        let asked = Instant::now();
        unavailable(ledger.swap(&before, 1, write("a")).await);
        unavailable(ledger.load(&key("a")).await);
        unavailable(ledger.join(write("a").record.created_at, TIMEOUT).await);
        assert!(asked.elapsed() < TIMEOUT * 4, "no call waits");
    }

    server.restart().await.unwrap();
    until("the ledger to come back", async || ledger.load(&key("a")).await.is_ok()).await;
    assert_eq!(ledger.load(&key("a")).await.unwrap().unwrap().version, 1);
    // It may have lost the last writes: no process may continue without a comparison.
    let late = ledger.swap(&before, 1, write("a")).await;
    assert_eq!(late, Err(LedgerError::GenerationChanged));
    assert_eq!(ledger.generation().await.unwrap(), None);
    let after = member(&ledger, 2).await;
    assert_ne!(after.generation.id, before.generation.id);
    assert_eq!(after.generation.began_at.as_millis(), 2);
    let swapped = ledger.swap(&after, 1, write("a")).await;
    assert_eq!(swapped, Ok(Swapped::Done(2)));
}

#[tokio::test]
async fn every_connection_to_the_same_server_finds_the_same_generation() {
    let server = server(&[]).await;
    let settings = impatient(&server.url());
    let first = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&first, 1).await;
    for began_at in 2..5 {
        let next = RedisLedger::connect(settings.clone()).await.unwrap();
        assert_eq!(member(&next, began_at).await.generation, fence.generation);
    }
    created(&first, &fence, "a").await;
}

#[tokio::test]
async fn an_emptied_server_begins_another_generation() {
    let server = server(&[]).await;
    let settings = impatient(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let before = member(&ledger, 1).await;
    created(&ledger, &before, "a").await;
    server.tell(&["FLUSHALL"]);
    let changed = Some(LedgerError::GenerationChanged);
    assert_eq!(ledger.create(&before, write("a")).await.err(), changed);
    assert_eq!(ledger.renew(&before, TIMEOUT).await.err(), changed);
    assert_eq!(ledger.load(&key("a")).await.unwrap(), None);
    let after = member(&ledger, 2).await;
    assert_ne!(after.generation, before.generation);
    created(&ledger, &after, "a").await;
    assert_eq!(ledger.renew(&before, TIMEOUT).await.err(), changed);
    let another = RedisLedger::connect(settings).await.unwrap();
    assert_eq!(another.generation().await.unwrap(), Some(after.generation));
}

#[tokio::test]
async fn a_part_that_was_lost_ends_the_generation_of_all() {
    let server = server(&[]).await;
    let settings = impatient(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    for part in ["0", "2", "permits"] {
        let before = member(&ledger, 1).await;
        let lost = format!("{{{}:{part}}}:generation", settings.namespace);
        server.tell(&["DEL", &lost]);
        let renewed = ledger.renew(&before, TIMEOUT).await;
        assert_eq!(renewed, Err(LedgerError::GenerationChanged), "{part}");
        let after = member(&ledger, 2).await;
        assert_ne!(after.generation.id, before.generation.id, "{part}");
        ledger.renew(&after, TIMEOUT).await.unwrap();
    }
}

#[tokio::test]
async fn a_frozen_server_is_unavailable_in_time_and_comes_back() {
    let server = server(&[]).await;
    let ledger = RedisLedger::connect(impatient(&server.url())).await.unwrap();
    let fence = member(&ledger, 1).await;
    server.freeze();
    let asked = Instant::now();
    unavailable(ledger.create(&fence, write("a")).await);
    unavailable(ledger.load(&key("a")).await);
    assert!(asked.elapsed() < TIMEOUT * 3, "{:?}", asked.elapsed());
    server.thaw();
    until("the ledger to come back", async || ledger.check().await.is_ok()).await;
    // The same server process: no data is lost, but the failed call may have been executed.
    match ledger.create(&fence, write("a")).await.unwrap() {
        Created::New => {}
        Created::Exists(there) => assert_eq!(there.version, 1),
    }
}

#[tokio::test]
async fn a_cut_connection_is_not_noticed_by_what_can_be_repeated() {
    let server = server(&[]).await;
    let ledger = RedisLedger::connect(impatient(&server.url())).await.unwrap();
    let fence = member(&ledger, 1).await;
    created(&ledger, &fence, "a").await;
    for _ in 0..3 {
        server.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
        assert_eq!(ledger.load(&key("a")).await.unwrap().unwrap().version, 1);
        ledger.renew(&fence, crate::fixture::LONG).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_repetition_would_count_twice_is_not_sent_again() {
    let server = server(&[]).await;
    let ledger = RedisLedger::connect(impatient(&server.url())).await.unwrap();
    let (allowance, amount) = (Allowance::default(), Money::from_micros(5));
    let Allowed::Yes { at, .. } = ledger.spend("a", &allowance, Some(amount)).await.unwrap() else {
        panic!("without a limit");
    };
    server.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
    unavailable(ledger.spend("a", &allowance, Some(amount)).await);
    ledger.check().await.unwrap();
    server.tell(&["CLIENT", "KILL", "TYPE", "normal"]);
    unavailable(ledger.give_back("a", amount, at).await);
}

#[tokio::test]
async fn forgotten_scripts_are_sent_again() {
    let server = server(&[]).await;
    let ledger = RedisLedger::connect(impatient(&server.url())).await.unwrap();
    let fence = member(&ledger, 1).await;
    created(&ledger, &fence, "a").await;
    server.tell(&["SCRIPT", "FLUSH"]);
    created(&ledger, &fence, "b").await;
    let swapped = ledger.swap(&fence, 1, write("a")).await;
    assert_eq!(swapped, Ok(Swapped::Done(2)));
}

#[tokio::test]
async fn a_missing_server_is_unavailable_at_once() {
    // Nobody listens there, and no other test will.
    let url = "redis://127.0.0.1:1";
    let asked = Instant::now();
    unavailable(RedisLedger::connect(impatient(url)).await.map(drop));
    assert!(asked.elapsed() < TIMEOUT);
}

#[tokio::test]
async fn a_server_that_never_answers_is_unavailable_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let asked = Instant::now();
    unavailable(RedisLedger::connect(impatient(&url)).await.map(drop));
    assert!(asked.elapsed() < TIMEOUT * 2);
}

#[tokio::test]
async fn many_callers_do_not_storm_a_server_that_is_down() {
    let mut server = server(&[]).await;
    let ledger = RedisLedger::connect(impatient(&server.url())).await.unwrap();
    server.kill();
    let listener = TcpListener::bind(("127.0.0.1", server.port())).await.unwrap();
    let (ledger, calls) = (Arc::new(ledger), Arc::new(AtomicUsize::new(0)));
    for _ in 0..64 {
        let (ledger, calls) = (ledger.clone(), calls.clone());
        tokio::spawn(async move {
            loop {
                unavailable(ledger.load(&key("a")).await);
                calls.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let mut connections = 0;
    let end = Instant::now() + Duration::from_secs(2);
    while let Ok(Ok(_)) = tokio::time::timeout_at(end, listener.accept()).await {
        connections += 1;
    }
    // 0, 0.1, 0.3, 0.7, 1.5 s after the loss.
    assert!((2..=6).contains(&connections), "{connections} connections");
    let calls = calls.load(Ordering::Relaxed);
    assert!((64..=64 * 7).contains(&calls), "{calls} calls in two seconds");
}

#[tokio::test]
async fn a_wire_that_swallows_everything_is_replaced() {
    let server = server(&[]).await;
    let (url, swallowed) = swallowing_wire(server.port()).await;
    let ledger = RedisLedger::connect(impatient(&url)).await.unwrap();
    created(&ledger, &member(&ledger, 1).await, "a").await;
    swallowed.store(1, Ordering::SeqCst);
    unavailable(ledger.load(&key("a")).await);
    // The old connection never closes: only a new one helps.
    assert_eq!(ledger.load(&key("a")).await.unwrap().unwrap().version, 1);
}

/// Only the connections that are open now swallow what is sent.
#[tokio::test]
async fn a_listener_on_a_wire_that_swallows_everything_listens_anew() {
    let server = server(&[]).await;
    let (url, swallowed) = swallowing_wire(server.port()).await;
    let ledger = RedisLedger::connect(impatient(&url)).await.unwrap();
    let seen = ledger.slots_freed(0, LONG).await.unwrap();
    assert_eq!(seen, 1, "it listens");
    swallowed.store(2, Ordering::SeqCst);
    let patience = Duration::from_secs(30);
    assert_eq!(ledger.slots_freed(seen, patience).await.unwrap(), 2, "one may have been missed");
}
