//! The index of lists beside records that it does not fit.

use job::{Outcome, Record, State, Timestamp};
use ledger_redis::{RedisLedger, Settings};
use ports::{Fence, ListFilter, Records, Swapped, Write};
use servers::redis::{Reply, Server};

use crate::fixture::server::{Told, server};
use crate::fixture::{key, member, settings, write};

fn all() -> ListFilter {
    ListFilter { limit: 9, ..ListFilter::default() }
}

/// Names of one index in all shards.
fn index(settings: &Settings, name: &str) -> Vec<String> {
    (0..4).map(|shard| format!("{{{}:{shard}}}:{name}", settings.namespace)).collect()
}

fn size(server: &Server, settings: &Settings, name: &str) -> i64 {
    let sizes = index(settings, name).into_iter().map(|set| match server.tell(&["ZCARD", &set]) {
        Reply::Number(size) => size,
        other => panic!("{set}: {other:?}"),
    });
    sizes.sum()
}

fn cancelled(id: &str, created_ms: i64) -> Write {
    let mut write = write(id);
    write.record.created_at = Timestamp::from_millis(created_ms);
    write.record.state = State::Settled { outcome: Outcome::Cancelled, at: Timestamp::EPOCH };
    write
}

#[tokio::test]
async fn a_damaged_index_stops_no_write() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for name in ["listed:active", "listed:cancelled", "listed:succeeded", "tenant:default"] {
        for set in index(&settings, name) {
            server.tell(&["SET", &set, "somebody else's"]);
        }
    }
    ledger.create(&fence, write("a")).await.unwrap();
    for version in 1..=20 {
        let write = cancelled("a", version);
        let version = u64::try_from(version).unwrap();
        let swapped = ledger.swap(&fence, version, write).await.unwrap();
        assert_eq!(swapped, Swapped::Done(version + 1));
    }
    assert!(ledger.list(&all()).await.unwrap().is_empty(), "it cannot be read");
    assert!(ledger.load(&key("a")).await.unwrap().is_some());
}

/// Its own name is the only one in the set that it sweeps.
#[tokio::test]
async fn a_record_that_is_created_in_a_final_state_is_listed() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for n in 0..20 {
        let id = format!("job-{n}");
        ledger.create(&fence, cancelled(&id, n)).await.unwrap();
        assert_eq!(ledger.list(&all()).await.unwrap().len(), 1, "{n}");
        delete(&server, &settings, &id);
    }
}

/// As when it expires.
fn delete(server: &Server, settings: &Settings, id: &str) {
    for record in index(settings, &format!("job:default/{id}")) {
        server.tell(&["DEL", &record]);
    }
}

#[tokio::test]
async fn names_of_expired_records_leave_the_index() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    for n in 0..200 {
        ledger.create(&fence, cancelled(&format!("job-{n}"), n)).await.unwrap();
    }
    assert_eq!(size(&server, &settings, "listed:cancelled"), 200);
    for n in 0..200 {
        delete(&server, &settings, &format!("job-{n}"));
    }
    assert!(ledger.list(&all()).await.unwrap().is_empty());
    for n in 200..300 {
        ledger.create(&fence, cancelled(&format!("job-{n}"), n)).await.unwrap();
    }
    for name in ["listed:cancelled", "tenant:default"] {
        assert_eq!(size(&server, &settings, name), 100, "{name}: as many as there are records");
    }
}

/// A record that a version without the index has written, or whose index was lost.
#[tokio::test]
async fn a_record_is_listed_after_its_state_has_changed() {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence: Fence = member(&ledger, 1).await;
    ledger.create(&fence, write("a")).await.unwrap();
    for name in ["listed:active", "tenant:default"] {
        for set in index(&settings, name) {
            server.tell(&["DEL", &set]);
        }
    }
    assert!(ledger.list(&all()).await.unwrap().is_empty());
    let created = write("a").record.created_at.as_millis();
    ledger.swap(&fence, 1, cancelled("a", created)).await.unwrap();
    let of_tenant = ListFilter { tenant: Some(key("a").tenant), ..all() };
    for filter in [all(), of_tenant] {
        let found: Vec<Record> = ledger.list(&filter).await.unwrap();
        assert_eq!(found.len(), 1, "{filter:?}");
    }
}
