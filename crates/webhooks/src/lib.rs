//! Calls the URL of a client: signs by Standard Webhooks 1.0, refuses addresses inside our network, and
//! makes one attempt. Whether another follows is decided by [`job::webhook_next()`]; this crate knows no
//! queue.

// Each match must list a new outcome.
#![warn(clippy::wildcard_enum_match_arm)]

mod guard;
mod network;
mod resolver;
mod sender;
mod signature;

pub use guard::{DeniedUrl, Guard};
pub use network::{BadNetwork, Network};
pub use sender::{Call, Calls, Limits, Sender, SetupError};
pub use signature::{BadSecret, Signer};
