//! An in-memory world for worker and poller, driven from one seed.

mod broker;
mod chance;
mod ledger;
mod time;

pub use broker::{Connection, WorldBroker};
pub use chance::Chance;
pub use ledger::WorldLedger;
pub use time::WorldTime;
