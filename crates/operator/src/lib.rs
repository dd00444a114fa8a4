//! An operator's decisions about jobs, as actions for any user interface: the command line, an HTTP
//! page. `job` decides what each means for a job; `recorder` writes it.
//!
//! Every action can be repeated: what was written stays, and the rest is done.

// Each match must list a new state or fact.
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
