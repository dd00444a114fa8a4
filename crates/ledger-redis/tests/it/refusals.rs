//! Errors that an operator must repair are reported at once, without the password.

use crate::fixture::server::{Told, cluster, server, watched};
use crate::fixture::{member, settings, write};
use ledger_redis::{RedisLedger, Settings};
use ports::{Due, Ledger, LedgerError, Members, Records};
use servers::Programs;
use servers::redis::{MASTER, Sentinels};

async fn connect(url: &str) -> Result<RedisLedger, LedgerError> {
    RedisLedger::connect(settings(url)).await
}

fn denied(answer: Result<RedisLedger, LedgerError>, word: &str) {
    match answer.map(drop) {
        Err(error @ LedgerError::Denied(_)) => {
            let text = format!("{error} {error:?}");
            assert!(text.contains(word), "{text}");
            assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_denied() {
    let server = server(&["requirepass swordfish"]).await;
    let url = |user: &str| format!("redis://{user}127.0.0.1:{}", server.port());
    denied(connect(&url("")).await, "NOAUTH");
    denied(connect(&url(":hunter2@")).await, "uthentication");
    denied(connect(&url("hunter2:hunter2@")).await, "uthentication");
    connect(&url(":swordfish@")).await.unwrap();
}

#[tokio::test]
async fn a_bad_url_or_namespace_is_denied_without_being_shown() {
    for url in ["hunter2", "http://:hunter2@localhost", "redis://:hunter2@:x", ""] {
        denied(connect(url).await, "URL");
    }
    let url = "redis://:hunter2@127.0.0.1";
    let shown = format!("{:?}", settings(url));
    assert!(!shown.contains("hunter2"), "{shown}");
    for namespace in ["", "a}b", "a*", "a b", &"x".repeat(65)] {
        let settings = Settings::new(url, namespace);
        denied(RedisLedger::connect(settings).await, "namespace");
    }
}

#[tokio::test]
async fn a_user_without_rights_is_denied() {
    let server = server(&[]).await;
    let rules = ["ACL", "SETUSER", "reader", "on", ">swordfish", "~*", "+@read", "+info", "+ping"];
    server.tell(&rules);
    let url = format!("redis://reader:swordfish@127.0.0.1:{}", server.port());
    denied(connect(&url).await, "NOPERM");
}

#[tokio::test]
async fn a_user_who_may_not_ask_is_unsafe_unless_allowed() {
    let server = server(&[]).await;
    let rules = ["ACL", "SETUSER", "shy", "on", ">swordfish", "~*", "+@all", "-info"];
    server.tell(&rules);
    let settings = settings(&format!("redis://shy:swordfish@127.0.0.1:{}", server.port()));
    let refused = RedisLedger::connect(settings.clone()).await.map(drop);
    assert!(matches!(refused, Err(LedgerError::Unsafe(_))), "{refused:?}");
    let allowed = Settings { allow_unsafe: true, ..settings };
    let ledger = RedisLedger::connect(allowed).await.unwrap();
    crate::fixture::created(&ledger, &member(&ledger, 1).await, "a").await;
}

#[tokio::test]
async fn a_server_that_drops_keys_is_unsafe_unless_allowed() {
    let server = server(&["maxmemory 100mb", "maxmemory-policy allkeys-lru"]).await;
    let settings = settings(&server.url());
    let refused = RedisLedger::connect(settings.clone()).await.map(drop);
    assert!(matches!(refused, Err(LedgerError::Unsafe(_))), "{refused:?}");
    let allowed = Settings { allow_unsafe: true, ..settings.clone() };
    RedisLedger::connect(allowed).await.unwrap();
    server.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    let ledger = RedisLedger::connect(settings).await.unwrap();
    // Also if it is changed while the process runs.
    server.tell(&["CONFIG", "SET", "maxmemory-policy", "volatile-ttl"]);
    let refused = ledger.check().await;
    assert!(matches!(refused, Err(LedgerError::Unsafe(_))), "{refused:?}");
}

#[tokio::test]
async fn a_full_server_is_unavailable_and_nothing_is_half_written() {
    let server = server(&[]).await;
    let ledger = connect(&server.url()).await.unwrap();
    let fence = member(&ledger, 1).await;
    crate::fixture::created(&ledger, &fence, "a").await;
    server.tell(&["CONFIG", "SET", "maxmemory", "1"]);
    let mut due = write("a");
    due.due = Some(due.record.created_at);
    // It leaves a set of the index.
    let (outcome, at) = (job::Outcome::Cancelled, due.record.created_at);
    due.record.state = job::State::Settled { outcome, at };
    for refused in [
        ledger.swap(&fence, 1, due.clone()).await.map(drop),
        ledger.create(&fence, write("b")).await.map(drop),
        ledger.renew(&fence, crate::fixture::LONG).await.map(drop),
    ] {
        match refused {
            Err(LedgerError::Unavailable(text)) => assert!(text.contains("OOM"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    server.tell(&["CONFIG", "SET", "maxmemory", "0"]);
    let there = ledger.load(&crate::fixture::key("a")).await.unwrap().unwrap();
    assert_eq!(there.version, 1);
    let claimed = ledger.claim_due(&fence, 9, crate::fixture::LONG).await.unwrap();
    assert!(claimed.items.is_empty() && claimed.next.is_none());
}

#[tokio::test]
async fn a_replica_is_unavailable() {
    let server = server(&[]).await;
    let ledger = connect(&server.url()).await.unwrap();
    let fence = member(&ledger, 1).await;
    server.tell(&["REPLICAOF", "127.0.0.1", "1"]);
    for refused in [
        ledger.create(&fence, write("a")).await.map(drop),
        ledger.check().await,
        connect(&server.url()).await.map(drop),
    ] {
        match refused {
            Err(LedgerError::Unavailable(text)) => assert!(text.contains("READONLY"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_database_named_in_the_query_is_the_one_that_is_used() {
    let server = server(&[]).await;
    let settings = settings(&format!("{}?db=5", server.url()));
    let ledger = RedisLedger::connect(settings).await.unwrap();
    member(&ledger, 1).await;
    let keyspace = format!("{:?}", server.tell(&["INFO", "keyspace"]));
    assert!(keyspace.contains("db5:") && !keyspace.contains("db0:"), "{keyspace}");
    denied(connect(&format!("{}?database=5", server.url())).await, "ignored");
    denied(connect(&format!("{}/1?db=2", server.url())).await, "two databases");
}

#[tokio::test]
async fn what_a_crash_would_lose_is_reported() {
    let server = server(&["appendonly no"]).await;
    let ledger = connect(&server.url()).await.unwrap();
    let warnings = ledger.warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("appendonly is no"), "{warnings:?}");
    server.tell(&["CONFIG", "SET", "appendonly", "yes"]);
    assert_eq!(ledger.warnings().await, Ok(Vec::new()));
    server.tell(&["CONFIG", "SET", "appendfsync", "no"]);
    let warnings = ledger.warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("appendfsync is no"), "{warnings:?}");
    let rules = ["ACL", "SETUSER", "default", "-config"];
    server.tell(&rules);
    let warnings = ledger.warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("cannot be asked"), "{warnings:?}");
}

/// A URL of the wrong kind says which kind is right.
#[tokio::test]
async fn a_url_of_the_wrong_kind_is_named() {
    let (cluster, watched, plain) = tokio::join!(cluster(&[]), watched(&[]), server(&[]));
    let sentinel = watched.sentinels[0].port();
    denied(connect(&cluster.servers[0].url()).await, "redis+cluster://");
    denied(connect(&format!("redis://127.0.0.1:{sentinel}")).await, "redis+sentinel://");
    let as_cluster = |port| format!("redis+cluster://127.0.0.1:{port}");
    denied(connect(&as_cluster(plain.port())).await, "redis://");
    denied(connect(&as_cluster(sentinel)).await, "no node of a Redis Cluster");
    let as_sentinel = |port, name| format!("redis+sentinel://127.0.0.1:{port}/{name}");
    denied(connect(&as_sentinel(plain.port(), MASTER)).await, "redis://");
    denied(connect(&as_sentinel(sentinel, "other")).await, &format!("it watches: {MASTER}"));
    let server = server(&[]).await;
    let extra = Settings { sentinel_password: Some("x".into()), ..settings(&server.url()) };
    denied(RedisLedger::connect(extra).await, "no sentinels");
}

#[tokio::test]
async fn sentinels_have_a_password_of_their_own() {
    let programs = Programs::selected();
    let watched = Sentinels::start_with_password(&programs, &[], "hunter2").await.unwrap();
    let url = watched.url();
    denied(connect(&url).await, "ledger.sentinel_password");
    let with =
        |password: &str| Settings { sentinel_password: Some(password.into()), ..settings(&url) };
    denied(RedisLedger::connect(with("swordfish")).await, "uthentication");
    RedisLedger::connect(with("hunter2")).await.unwrap();
}
