//! The shared suites of every implementation.

use std::sync::Arc;

use async_trait::async_trait;
use conformance::ledger::{RETENTION, serves_like};
use embedded::{Embedded, Settings};
use memory::{MemoryLedger, StoreTime};
use ports::{Broker, Ledger};
use tempfile::TempDir;

struct Fresh {
    embedded: Embedded,
    _dir: TempDir,
}

async fn fresh() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(dir.path().join("reelwork.db"), "suite");
    settings.retention = RETENTION;
    Fresh { embedded: Embedded::open(settings).unwrap(), _dir: dir }
}

#[async_trait]
impl conformance::ledger::Opened for Fresh {
    fn ledger(&self) -> Arc<dyn Ledger> {
        self.embedded.ledger()
    }

    async fn close(self) {
        self.embedded.close().await;
    }
}

#[async_trait]
impl conformance::broker::Opened for Fresh {
    fn broker(&self) -> Arc<dyn Broker> {
        self.embedded.broker()
    }

    async fn close(self) {
        self.embedded.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_jobs_are_served_as_in_memory() {
    let fresh = fresh().await;
    let model = Arc::new(MemoryLedger::new(StoreTime::of_wall(), RETENTION));
    serves_like(model, fresh.embedded.ledger()).await;
}

mod ledger {
    use super::fresh;
    conformance::ledger!(fresh());
}

mod broker {
    use super::fresh;
    conformance::broker!(fresh());
}
