//! The HTTP server for callbacks. Nothing is published from a callback.
//!
//! A callback's address contains the submission that it is about, and a token which proves that we
//! issued the address (`receive` over HTTP; `mailbox` without). Its body is only a hint:
//! [`job::callback_hint()`] decides what follows, the mailbox writes that to the ledger, and a
//! poller queries the provider.

// A new state or fact must be handled in every match.
#![warn(clippy::wildcard_enum_match_arm)]

mod gateway;
mod mailbox;
mod receive;
mod settings;

pub use gateway::Gateway;
pub use mailbox::{Mailbox, NotKept};
pub use settings::Settings;
