//! What a person decides about a job, as actions that any front may offer: the command line, an
//! HTTP page. What each means for a job, `job` decides; `recorder` writes it.
//!
//! Every action can be repeated: what was written of it stays, and the rest is done.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

mod actions;
mod cancel;
mod doubt;
mod drop;
mod letter;
mod replay;

pub use actions::{Error, Operator};
pub use cancel::Cancelled;
pub use doubt::{Decision, in_question};
pub use letter::{Letter, Names};
pub use replay::Replayed;
