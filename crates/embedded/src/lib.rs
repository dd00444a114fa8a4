//! Broker and ledger in one SQLite file, for a laptop.
//!
//! Read in this order: `open` (opens the file and starts all threads), `schema` (the tables),
//! `presence` (the processes that share the file, and which have died), `store` (how calls reach
//! the file), `writer` (one thread that commits many calls at once), `reader`. Then read `broker`
//! and `ledger`.
//!
//! Calls are durable when they return: write-ahead log, `synchronous=FULL`. Several processes may
//! share one file on one machine. Each holds a lock of the operating system while it lives. Others
//! look for dead processes four times a second and free what those held. A file on a network drive
//! is not supported: SQLite's log needs shared memory.

mod broker;
mod column;
mod error;
mod file;
mod housekeeping;
mod ledger;
mod open;
mod packed;
mod presence;
mod reader;
mod reclaim;
mod schema;
mod store;
mod writer;

pub use open::{Embedded, OpenError, Settings};
