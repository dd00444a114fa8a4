//! Broker and ledger in memory, for tests: no file, no server, and simulated time if wanted.
//!
//! [`MemoryBroker`] and [`MemoryLedger`] behave like the real ones: they pass the same tests
//! (`conformance`). A test can also read their contents ([`Queues`], [`Contents`]), cut a
//! [`Connection`], and empty the ledger or restore an earlier state.

mod broker;
mod ledger;
mod time;

pub use broker::{Connection, Disorder, MemoryBroker, Parcel, Queues};
pub use ledger::{Contents, MemoryLedger, Row};
pub use time::StoreTime;
