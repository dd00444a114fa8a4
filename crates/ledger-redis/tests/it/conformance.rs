//! The shared suite of every ledger, on the Redis of this machine.

use std::sync::Arc;

use conformance::ledger::{RETENTION, run, serves_like};
use memory::{MemoryLedger, StoreTime};

conformance::ledger!(crate::fixture::open());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_jobs_are_served_as_in_memory() {
    let model = Arc::new(MemoryLedger::new(StoreTime::of_wall(), RETENTION));
    let opened = crate::fixture::open().await;
    run(opened, |ledger| serves_like(model, ledger)).await;
}
