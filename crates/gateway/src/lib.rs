//! The HTTP front. Today it receives callbacks; nothing is ever published from one.
//!
//! A callback's address tells which submission it is about, and its token that we gave the
//! address away (`receive`, over HTTP; `mailbox`, without). What the body says is a hint:
//! [`job::callback_hint()`] decides what follows from it, the mailbox writes that into the ledger,
//! and a poller asks the provider what is true.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

mod gateway;
mod mailbox;
mod receive;
mod settings;

pub use gateway::Gateway;
pub use mailbox::{Mailbox, NotKept};
pub use settings::Settings;
