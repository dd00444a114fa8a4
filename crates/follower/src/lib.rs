//! Compares the journal with the ledger, and restores the records that the ledger has lost.
//!
//! `join` reads from the journal whether a ledger without a generation has lost data. One process
//! follows the journal at a time. It reads the lines after the last comparison in `batch`es, and
//! `restore`s the records that are missing or older in the ledger. A ledger that has lost its data
//! begins a new generation. That stays closed until a `barrier` message has been read from the
//! journal: then the ledger contains all records of the journal. The same comparison without writes
//! gives the [`difference`](differences). The journal deletes old lines, so those of `parked` jobs
//! are written again.

// A new state or fact must be handled in every match.
#![warn(clippy::wildcard_enum_match_arm)]

mod batch;
mod differences;
mod error;
mod follow;
mod follower;
mod join;
mod long_waits;
mod restore;
mod settings;
mod shared;
mod spending;

pub use differences::{Difference, Version, differences};
pub use error::Error;
pub use follower::Follower;
pub use join::{is_blank, join};
pub use settings::Settings;
