//! Broker and ledger in memory pass the tests of the real ones.

use std::sync::Arc;

use conformance::ledger::RETENTION;
use memory::{MemoryBroker, MemoryLedger, StoreTime};

async fn ledger() -> Arc<dyn ports::Ledger> {
    Arc::new(MemoryLedger::new(StoreTime::of_wall(), RETENTION))
}

async fn broker() -> Arc<dyn ports::Broker> {
    Arc::new(MemoryBroker::new().connect())
}

mod of_the_ledger {
    conformance::ledger!(super::ledger());
}

mod of_the_broker {
    conformance::broker!(super::broker());
}
