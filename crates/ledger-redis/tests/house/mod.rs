//! Ledgers of their own: in the shared Redis, or on a server that a test may hurt.
// Each test program uses a part of it, and a panic is how a test fails.
#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod server;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conformance::ledger::{Opened, RETENTION};
use job::{JobId, JobKey, MessageFacts, Record, Tenant, Timestamp, decode};
use ledger_redis::{RedisLedger, Settings};
use ports::{Created, Fence, Ledger, Members, Records, Write};
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct House {
    ledger: Arc<RedisLedger>,
}

pub(crate) fn settings(url: &str) -> Settings {
    let namespace = format!("test-{}", Uuid::new_v4());
    Settings { retention: RETENTION, ..Settings::new(url, namespace) }
}

/// In the shared Redis; its keys go when it is closed.
pub(crate) async fn open() -> House {
    let url = std::env::var("REELWORK_TEST_REDIS_URL")
        .unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    let ledger = RedisLedger::connect(settings(&url)).await.unwrap();
    House { ledger: Arc::new(ledger) }
}

#[async_trait]
impl Opened for House {
    fn door(&self) -> Arc<dyn Ledger> {
        self.ledger.clone()
    }

    async fn close(self) {
        self.ledger.erase().await.unwrap();
    }
}

pub(crate) fn key(id: &str) -> JobKey {
    JobKey::new(Tenant::default(), JobId::new(id).unwrap())
}

/// A queued job, neither due nor with anything to say.
pub(crate) fn write(id: &str) -> Write {
    let message = format!(
        r#"{{"id":"{id}","operation":"videos/text2video","request":{{"prompt":"a cat"}}}}"#
    );
    let job = decode(message.as_bytes(), MessageFacts::default()).unwrap();
    Write {
        record: Record::new(&job, "default", "test", Timestamp::EPOCH),
        due: None,
        outbox: Vec::new(),
        outbox_lease: Duration::ZERO,
    }
}

pub(crate) async fn member(ledger: &RedisLedger, began_at: i64) -> Fence {
    let began_at = Timestamp::from_millis(began_at);
    ledger.join(began_at, LONG).await.unwrap()
}

pub(crate) async fn created(ledger: &RedisLedger, fence: &Fence, id: &str) {
    let answer = ledger.create(fence, write(id)).await.unwrap();
    assert_eq!(answer, Created::New);
}

/// Asks until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(Instant::now() < deadline, "in vain: waited for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
