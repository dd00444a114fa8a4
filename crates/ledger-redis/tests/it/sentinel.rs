//! A master with a replica, under three sentinels.

use std::time::Duration;

use crate::fixture::server::{TIMEOUT, Told, server, watched};
use crate::fixture::{LONG, created, key, member, rejoined, settings, write};
use ledger_redis::{RedisLedger, Settings};
use ports::{Ledger, LedgerError, Members, Records, WaitingRoom};
use servers::redis::{MASTER, Reply, Sentinels};

async fn open(watched: &Sentinels) -> RedisLedger {
    let settings = Settings { timeout: TIMEOUT, ..settings(&watched.url()) };
    RedisLedger::connect(settings).await.unwrap()
}

#[tokio::test]
async fn a_killed_master_is_replaced_and_the_generation_ends() {
    let mut watched = watched(&[]).await;
    let ledger = open(&watched).await;
    let before = member(&ledger, 1).await;
    created(&ledger, &before, "a").await;
    watched.servers[0].is_copied().await.unwrap();
    watched.servers[0].kill();
    watched.sentinels[0].kill();
    let after = rejoined(&ledger, &before).await;
    assert_eq!(ledger.load(&key("a")).await.unwrap().unwrap().version, 1);
    created(&ledger, &after, "b").await;
    let late = open(&watched).await;
    assert!(late.load(&key("b")).await.unwrap().is_none(), "another namespace");
}

#[tokio::test]
async fn a_failover_that_loses_writes_ends_the_generation() {
    let mut watched = watched(&[]).await;
    let ledger = open(&watched).await;
    let before = member(&ledger, 1).await;
    created(&ledger, &before, "kept").await;
    watched.servers[0].is_copied().await.unwrap();
    watched.servers[1].freeze();
    // Otherwise it would read it from its socket when it wakes up.
    watched.servers[0].tell(&["CLIENT", "KILL", "TYPE", "replica"]);
    created(&ledger, &before, "lost").await;
    watched.servers[0].kill();
    watched.servers[1].thaw();
    let after = rejoined(&ledger, &before).await;
    assert!(ledger.load(&key("kept")).await.unwrap().is_some());
    assert!(ledger.load(&key("lost")).await.unwrap().is_none());
    assert_eq!(ledger.create(&before, write("x")).await, Err(LedgerError::GenerationChanged));
    created(&ledger, &after, "lost").await;
}

/// For seconds after it wakes up it takes itself for the master.
#[tokio::test]
async fn a_master_that_was_replaced_while_frozen_is_left_when_it_wakes_up() {
    let watched = watched(&[]).await;
    let ledger = open(&watched).await;
    let before = member(&ledger, 1).await;
    created(&ledger, &before, "a").await;
    watched.servers[0].is_copied().await.unwrap();
    // Nothing is asked meanwhile: only the sentinels tell.
    watched.servers[0].freeze();
    watched.servers[1].shows(&["INFO", "replication"], "role:master").await;
    watched.sentinels[0].shows(&["INFO", "sentinel"], &watched.servers[1].port().to_string()).await;
    watched.servers[0].thaw();
    let renewed = ledger.renew(&before, LONG).await;
    assert_eq!(renewed.map(drop), Err(LedgerError::GenerationChanged));
    let after = member(&ledger, 2).await;
    created(&ledger, &after, "b").await;
    assert_eq!(watched.servers[1].tell(&["DBSIZE"]), Reply::Number(2 * 3 + 5 * 3));
}

/// It is cut off from the sentinels, and goes on.
#[tokio::test]
async fn a_listener_leaves_a_master_that_was_replaced() {
    let (watched, other) = (watched(&[]).await, server(&[]).await);
    let ledger = open(&watched).await;
    let seen = ledger.slots_freed(0, LONG).await.unwrap();
    let port = other.port().to_string();
    for sentinel in &watched.sentinels {
        sentinel.tell(&["SENTINEL", "REMOVE", MASTER]);
        sentinel.tell(&["SENTINEL", "MONITOR", MASTER, "127.0.0.1", &port, "2"]);
    }
    let patience = Duration::from_secs(30);
    assert_eq!(ledger.slots_freed(seen, patience).await.unwrap(), seen + 1);
    other.shows(&["PUBSUB", "CHANNELS"], "freed").await;
}

#[tokio::test]
async fn a_frozen_sentinel_does_not_matter() {
    let watched = watched(&[]).await;
    let ledger = open(&watched).await;
    let fence = member(&ledger, 1).await;
    watched.sentinels[1].freeze();
    for _ in 0..3 {
        ledger.renew(&fence, LONG).await.unwrap();
    }
    open(&watched).await;
}

#[tokio::test]
async fn a_master_that_goes_on_when_it_is_cut_off_is_reported() {
    let watched = watched(&["appendonly yes"]).await;
    let ledger = open(&watched).await;
    let warnings = ledger.warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("min-replicas-to-write"), "{warnings:?}");
    watched.servers[0].tell(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    assert_eq!(ledger.warnings().await, Ok(Vec::new()));
}
