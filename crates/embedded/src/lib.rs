//! Both ports on one SQLite file: the broker and the ledger of a laptop.
//!
//! Read in this order: `open` (what is opened, and what may be wrong with it), `schema` (the
//! tables), `presence` (which processes share the file, and which have died), `store` (how
//! calls reach the file), `writer` (one thread that commits many calls at once), `reader`;
//! then `broker` and `ledger`; `open` starts all of them.
//!
//! Calls are durable when they return: write-ahead log, `synchronous=FULL`. Several processes
//! may share one file on one machine. Each holds an operating-system lock beside it while it
//! lives; what a killed process had taken comes free as soon as another one looks (four times
//! a second). A file on a network drive is not supported: SQLite's log needs shared memory.

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
