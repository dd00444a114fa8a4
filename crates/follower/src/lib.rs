//! Compares the journal with the ledger, and puts back what the ledger has lost.
//!
//! Who `join`s a ledger without a generation asks the journal whether something was forgotten.
//! One living member of the ledger follows at a time. It reads the journal from the line up to
//! which it was compared before, in `batch`es of which only what is missing or older in the
//! ledger is looked at closely, and `restore`d. A ledger that lost its memory begins a new
//! generation, which stays closed until a `barrier`, published into the journal, has been met:
//! then everything that the journal knows is in the ledger. The same reading without any
//! writing is a [`difference`](differences). The journal forgets what is old: `parked` jobs are
//! written anew.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

mod batch;
mod differences;
mod error;
mod follow;
mod follower;
mod join;
mod parked;
mod restore;
mod settings;
mod shared;

pub use differences::{Difference, Version, differences};
pub use error::Error;
pub use follower::Follower;
pub use join::{is_blank, join};
pub use settings::Settings;
