//! One item that cannot be read must not block the others.

use std::time::Duration;

use crate::fixture::server::{Told, server};
use crate::fixture::{LONG, created, key, member, settings, write};
use job::Timestamp;
use ledger_redis::{RedisLedger, Settings};
use ports::{
    Destination, Due, LedgerError, ListFilter, Message, OutboxEntry, Permits, Records, WaitingRoom,
    Write,
};
use servers::redis::{Reply, Server};

/// The key with this name, in the shard that has it.
async fn find(server: &Server, settings: &Settings, name: &str) -> String {
    for shard in 0..4 {
        let key = format!("{{{}:{shard}}}:{name}", settings.namespace);
        if server.tell(&["EXISTS", &key]) == Reply::Number(1) {
            return key;
        }
    }
    panic!("no shard has {name}");
}

fn due_with_entry(id: &str) -> Write {
    let entry = OutboxEntry {
        id: "e".to_owned(),
        key: key(id),
        to: Destination::Journal,
        message: Message::json("m", "{}"),
        closes: false,
        tries: 0,
    };
    Write { due: Some(Timestamp::EPOCH), outbox: vec![entry], ..write(id) }
}

#[tokio::test]
async fn an_unreadable_record_is_reported_by_its_key_and_stops_no_other() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for id in ["good", "bad"] {
        let answer = ledger.create(&fence, due_with_entry(id)).await;
        assert_eq!(answer, Ok(ports::Created::New));
    }
    let record = find(&server, &settings, "job:default/bad").await;
    server.tell(&["HSET", &record, "b", "{"]);
    match ledger.load(&key("bad")).await {
        Err(LedgerError::Corrupt { key, .. }) => assert_eq!(key, "default/bad"),
        other => panic!("{other:?}"),
    }
    let claimed = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    assert_eq!(claimed.items.len(), 1);
    assert_eq!(claimed.items[0].record.key, key("good"));
    let again = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    assert!(again.items.is_empty(), "nobody spins over it");
    assert!(again.next.unwrap() > again.now);
    let all = ListFilter { limit: 9, ..ListFilter::default() };
    assert_eq!(ledger.list(&all).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_unreadable_entry_stops_no_other() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for id in ["good", "bad"] {
        ledger.create(&fence, due_with_entry(id)).await.unwrap();
    }
    let record = find(&server, &settings, "job:default/bad").await;
    let bodies = record.replace("job:default/bad", "outbox:bodies");
    server.tell(&["HSET", &bodies, "default/bad\ne", "nonsense"]);
    let claimed = ledger.claim_outbox(&fence, 9, LONG).await.unwrap();
    assert_eq!(claimed.items.len(), 1);
    assert_eq!(claimed.items[0].key, key("good"));
}

#[tokio::test]
async fn what_is_due_without_a_record_is_dropped() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for n in 0..20 {
        ledger.create(&fence, due_with_entry(&format!("gone-{n}"))).await.unwrap();
        let record = find(&server, &settings, &format!("job:default/gone-{n}")).await;
        server.tell(&["DEL", &record]);
    }
    let last = Timestamp::EPOCH + Duration::from_millis(1);
    let there = Write { due: Some(last), ..write("there") };
    ledger.create(&fence, there).await.unwrap();
    let claimed = ledger.claim_due(&fence, 5, LONG).await.unwrap();
    let found: Vec<_> = claimed.items.iter().map(|stored| &stored.record.key).collect();
    assert_eq!(found, [&key("there")], "it is found behind what is gone");
    assert!(claimed.next.is_none());
    created(&ledger, &fence, "gone-1").await;
}

#[tokio::test]
async fn keys_of_another_type_are_reported_as_such() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    created(&ledger, &fence, "a").await;
    let record = find(&server, &settings, "job:default/a").await;
    server.tell(&["SET", &record, "somebody else's"]);
    let answer = ledger.load(&key("a")).await;
    assert!(matches!(answer, Err(LedgerError::Corrupt { .. })), "{answer:?}");
}

/// A record of another type causes a server error, in the middle of a script or a pipeline.
#[tokio::test]
async fn a_record_of_another_kind_stops_no_other() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for id in ["good", "bad"] {
        ledger.create(&fence, due_with_entry(id)).await.unwrap();
    }
    let record = find(&server, &settings, "job:default/bad").await;
    let bodies = record.replace("job:default/bad", "outbox:bodies");
    server.tell(&["SET", &record, "somebody else's"]);
    let claimed = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    let found: Vec<_> = claimed.items.iter().map(|stored| &stored.record.key).collect();
    assert_eq!(found, [&key("good")]);
    let all = ListFilter { limit: 9, ..ListFilter::default() };
    assert_eq!(ledger.list(&all).await.unwrap().len(), 1);
    let revisions = ledger.revisions(&[key("bad"), key("good")]).await.unwrap();
    assert_eq!(revisions, [Some(0), Some(0)]);
    // An entry that closes it is announced with the others.
    server.tell(&["HSET", &bodies, "default/bad\ne", "c{}\n"]);
    let ids = ["bad", "good"].map(|id| ports::OutboxId { key: key(id), id: "e".to_owned() });
    ledger.announced(&fence, &ids).await.unwrap();
    let left = ledger.claim_outbox(&fence, 9, LONG).await.unwrap();
    assert!(left.items.is_empty() && left.next.is_none());
}

#[tokio::test]
async fn an_unreadable_permit_or_member_stops_no_other() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    let permit = |id: &str| ports::Permit {
        pool: "pool".to_owned(),
        key: key(id),
        round: 1,
        weight: 2,
        revision: 0,
    };
    let terms = ports::Limits::slots(9).into();
    ledger.take_permit(&fence, &permit("good"), &terms).await.unwrap();
    let held = format!("{{{}:permits}}:held:pool", settings.namespace);
    server.tell(&["HSET", &held, "default/bad#1", "nonsense"]);
    assert_eq!(ledger.permits("pool").await.unwrap().len(), 1);
    let taken = ledger.take_permit(&fence, &permit("bad"), &terms).await;
    assert_eq!(taken, Ok(ports::Permitted::Granted), "it holds nothing until it is asked for");
    assert_eq!(
        (ledger.usage("pool").await.unwrap().used, ledger.permits("pool").await.unwrap().len()),
        (4, 2)
    );

    ledger.create(&fence, due_with_entry("good")).await.unwrap();
    let record = find(&server, &settings, "job:default/good").await;
    let due = record.replace("job:default/good", "due");
    server.tell(&["ZADD", &due, "0", "no job"]);
    let claimed = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    assert_eq!(claimed.items.len(), 1);
}

/// The room is an index of records: what cannot be read leaves it, and may enter again.
#[tokio::test]
async fn an_unreadable_waiting_job_stops_no_other() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    let [bad, lost, good] = ["bad", "lost", "good"].map(waiter);
    ledger.enter(&fence, &[bad.clone(), lost.clone()]).await.unwrap();
    let key = |kind: &str| format!("{{{}:permits}}:{kind}:pool", settings.namespace);
    let name = |id: &str| format!("default\n1\n000000000000000\ndefault/{id}#1\n1\n1\n1");
    let removed = server.tell(&["ZREM", &key("queue"), &name("bad"), &name("lost")]);
    assert_eq!(removed, Reply::Number(2));
    // Before all others, with damage in its holder, time, weight and priority, and in a tenant of its own.
    for damaged in [
        "default\n0\n000000000000000\nwhat\n1\n1\n1",
        "default\n0\n\ndefault/bad#1\n1\n1\n1",
        "default\n0\n000000000000000\ndefault/bad\n1\n1\n1",
        "default\n1\n000000000000000\ndefault/bad#1\nx\n1\n1",
        "default\n7\n000000000000000\ndefault/bad#1\n1\n1\n1",
        "alone\n7\n000000000000000\nalone/bad#1\n1\n1\n1",
    ] {
        server.tell(&["ZADD", &key("queue"), "0", damaged]);
        server.tell(&["HSET", &key("waiting"), "default/bad#1", damaged]);
    }
    server.tell(&["ZADD", &key("tenants"), "-1", "alone"]);
    ledger.enter(&fence, std::slice::from_ref(&good)).await.unwrap();
    let terms = ports::GrantTerms::default();
    let granted = ledger.grant(&fence, "pool", &terms, 9, LONG).await.unwrap();
    assert_eq!((granted.jobs, granted.left), (vec![good], ports::Left::Nobody));
    assert!(ledger.waiting("pool", 9).await.unwrap().is_empty());
    ledger.enter(&fence, &[bad.clone(), lost.clone()]).await.unwrap();
    assert_eq!(ledger.usage("pool").await.unwrap().waiting, 2);
    let granted = ledger.grant(&fence, "pool", &terms, 9, LONG).await.unwrap();
    assert_eq!(granted.jobs, [bad, lost]);
}

fn waiter(id: &str) -> ports::Waiter {
    let permit =
        ports::Permit { pool: "pool".to_owned(), key: key(id), round: 1, weight: 1, revision: 1 };
    ports::Waiter { permit, priority: job::Priority::Normal, since: Timestamp::EPOCH, cost: 1 }
}
