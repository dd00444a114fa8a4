//! One item that cannot be read must not block the others.

use std::time::Duration;

use embedded::Embedded;
use job::{JobKey, MessageFacts, Priority, Record, Timestamp, decode};
use ports::{
    Fence, GrantTerms, JournalStart, Ledger, Left, ListFilter, OutboxEntry, Permit, Source, Waiter,
    Write,
};
use tempfile::TempDir;

use crate::fixture::{LANE, drain, message, open, publish, to_lane, to_results};

const LONG: Duration = Duration::from_secs(600);
const ZERO: Timestamp = Timestamp::from_millis(0);

fn key(id: &str) -> JobKey {
    JobKey::parse(&format!("default/{id}")).unwrap()
}

fn due_with_entry(id: &str) -> Write {
    let body = format!(r#"{{"id":"{id}","operation":"videos/text2video","request":{{}}}}"#);
    let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
    let record = Record::new(&job, "default", "test", ZERO);
    let entry = OutboxEntry {
        id: "e".to_owned(),
        key: record.key.clone(),
        to: to_results("videos.text2video.cancelled"),
        message: message("e"),
        closes: true,
        tries: 0,
    };
    Write { record, due: Some(ZERO), outbox: vec![entry], outbox_lease: Duration::ZERO }
}

fn waiter(id: &str) -> Waiter {
    let permit = Permit { pool: "pool".into(), key: key(id), round: 1, weight: 1, revision: 1 };
    Waiter { permit, priority: Priority::High, since: ZERO, cost: 1 }
}

struct Fixture {
    dir: TempDir,
    embedded: Embedded,
}

impl Fixture {
    fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { embedded: open(&dir), dir }
    }

    /// Writes what our programs never write.
    fn damage(&self, statement: &str) {
        let sql = rusqlite::Connection::open(self.dir.path().join("reelwork.db")).unwrap();
        assert!(sql.execute(statement, []).unwrap() > 0, "{statement}");
    }

    async fn two(&self) -> Fence {
        let ledger = self.embedded.ledger();
        let fence = ledger.join(ZERO, LONG).await.unwrap();
        for id in ["bad", "good"] {
            ledger.create(&fence, due_with_entry(id)).await.unwrap();
        }
        fence
    }
}

async fn due(ledger: &dyn Ledger, fence: &Fence) -> Vec<String> {
    let claimed = ledger.claim_due(fence, 9, LONG).await.unwrap();
    claimed.items.iter().map(|stored| stored.record.key.to_string()).collect()
}

#[tokio::test]
async fn an_unreadable_record_stops_no_other() {
    for damage in [
        "UPDATE record SET body = '{' WHERE key = 'default/bad'",
        "UPDATE record SET body = CAST(x'ff' AS TEXT) WHERE key = 'default/bad'",
        "UPDATE record SET key = 'bad' WHERE key = 'default/bad'",
        "UPDATE record SET key = CAST(x'ff2f61' AS TEXT) WHERE key = 'default/bad'",
    ] {
        let fixture = Fixture::set();
        let fence = fixture.two().await;
        fixture.damage(damage);
        let ledger = fixture.embedded.ledger();
        assert_eq!(due(ledger.as_ref(), &fence).await, ["default/good"], "{damage}");
        let again = ledger.claim_due(&fence, 9, LONG).await.unwrap();
        assert!(again.items.is_empty() && again.next.unwrap() > again.now, "nobody spins over it");
        let all = ListFilter { limit: 9, ..ListFilter::default() };
        let listed = ledger.list(&all).await.unwrap();
        assert!(listed.iter().any(|record| record.key == key("good")), "{damage}");
        let keys = [key("bad"), key("good")];
        assert_eq!(ledger.revisions(&keys).await.unwrap()[1], Some(0), "{damage}");
    }
}

#[tokio::test]
async fn an_unreadable_entry_stops_no_other() {
    for damage in [
        "UPDATE outbox SET destination = '{' WHERE key = 'default/bad'",
        "UPDATE outbox SET key = 'bad' WHERE key = 'default/bad'",
        "UPDATE outbox SET id = CAST(x'ff' AS TEXT) WHERE key = 'default/bad'",
        "UPDATE outbox SET destination = CAST(x'ff' AS TEXT) WHERE key = 'default/bad'",
    ] {
        let fixture = Fixture::set();
        let fence = fixture.two().await;
        fixture.damage(damage);
        let claimed = fixture.embedded.ledger().claim_outbox(&fence, 9, LONG).await.unwrap();
        let found: Vec<_> = claimed.items.iter().map(|entry| &entry.key).collect();
        assert_eq!(found, [&key("good")], "{damage}");
    }
}

#[tokio::test]
async fn an_unreadable_permit_or_proposal_stops_no_other() {
    let fixture = Fixture::set();
    let (fence, ledger) = (fixture.two().await, fixture.embedded.ledger());
    for id in ["bad", "good"] {
        let permit = Permit { pool: "pool".into(), key: key(id), round: 1, weight: 1, revision: 0 };
        ledger.take_permit(&fence, &permit, &GrantTerms::default()).await.unwrap();
        ledger.propose(&key("good"), 1, id, LONG).await.unwrap();
    }
    fixture.damage("UPDATE permit SET key = 'bad' WHERE key = 'default/bad'");
    fixture.damage("UPDATE proposal SET task = CAST(x'ff' AS TEXT) WHERE task = 'bad'");
    let held = ledger.permits("pool").await.unwrap();
    assert_eq!(held.iter().map(|held| &held.permit.key).collect::<Vec<_>>(), [&key("good")]);
    assert_eq!(ledger.proposals(&key("good"), 1).await.unwrap(), ["good"]);
}

/// The room is an index of records: what cannot be read leaves it, and may enter again.
#[tokio::test]
async fn an_unreadable_waiting_job_stops_no_other() {
    for damage in [
        "key = 'bad'",
        "key = CAST(x'ff2f61' AS TEXT)",
        "weight = -1",
        "revision = -1",
        "priority = 7",
        "tenant = 'other'",
    ] {
        let fixture = Fixture::set();
        let (fence, ledger) = (fixture.two().await, fixture.embedded.ledger());
        let (bad, good) = (waiter("bad"), waiter("good"));
        ledger.enter(&fence, &[bad.clone(), good.clone()]).await.unwrap();
        fixture.damage(&format!("UPDATE waiter SET {damage} WHERE key = 'default/bad'"));
        let terms = GrantTerms::default();
        let granted = ledger.grant(&fence, "pool", &terms, 9, LONG).await.unwrap();
        assert_eq!(granted.jobs, [good], "{damage}");
        assert_eq!(ledger.waiting("pool", 9).await.unwrap(), [], "{damage}");
        ledger.enter(&fence, std::slice::from_ref(&bad)).await.unwrap();
        let waiting = ledger.usage("pool").await.unwrap().waiting;
        assert_eq!(waiting, 1, "{damage}");
        let granted = ledger.grant(&fence, "pool", &terms, 9, LONG).await.unwrap();
        assert_eq!((granted.jobs, granted.left), (vec![bad], Left::Nobody), "{damage}");
    }
}

/// A row that fails while it is read would fail every transaction, and so every call.
#[tokio::test]
async fn a_damaged_message_or_line_stops_no_other() {
    let fixture = Fixture::set();
    let broker = fixture.embedded.broker();
    publish(broker.as_ref(), &to_lane(), 0..2).await;
    publish(broker.as_ref(), &ports::Destination::Journal, 0..2).await;
    fixture.damage("UPDATE message SET props = CAST(x'ff' AS TEXT) WHERE id = 1");
    fixture.damage("UPDATE journal SET props = CAST(x'ff' AS TEXT) WHERE offset = 0");
    for source in [LANE, Source::Journal(JournalStart::First)] {
        let mut deliveries = broker.consume(&source, 9).await.unwrap();
        assert_eq!(drain(&mut deliveries, 2).await[1], "1", "{source:?}");
    }
}
