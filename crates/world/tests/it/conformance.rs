//! The world's doors keep what the real ones keep.

use std::sync::Arc;

use conformance::ledger::RETENTION;
use world::{WorldBroker, WorldLedger, WorldTime};

async fn ledger() -> Arc<dyn ports::Ledger> {
    Arc::new(WorldLedger::new(WorldTime::of_wall(), RETENTION))
}

async fn broker() -> Arc<dyn ports::Broker> {
    Arc::new(WorldBroker::new().connect())
}

mod of_the_ledger {
    conformance::ledger!(super::ledger());
}

mod of_the_broker {
    conformance::broker!(super::broker());
}
