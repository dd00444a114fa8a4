//! Broker and ledger in memory, for tests: no file, no server, and simulated time if wanted.
//!
//! [`MemoryBroker`] and [`MemoryLedger`] behave as the real ones: they pass the same suite
//! (`conformance`). A test also sees what is in them ([`Queues`], [`Contents`]), can cut a
//! [`Connection`], and can empty the ledger or set it back.

mod broker;
mod ledger;
mod time;

pub use broker::{Connection, Disorder, MemoryBroker, Parcel, Queues};
pub use ledger::{Contents, MemoryLedger, Row};
pub use time::StoreTime;
