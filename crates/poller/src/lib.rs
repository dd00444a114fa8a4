//! Claims due records, queries the provider, has the outcome recorded and announced. Never submits.
//!
//! A `sweep` claims due records and hands each to `look` (its task is known) or to `inquiry` (the
//! answer to its POST was lost: `fit` decides which task can be its own, `doubt` reads the other
//! answers, `look_up` which look-up may be believed). The resulting fact goes through `recording` to
//! the recorder, which also announces it. `outbox` publishes events that a dead process left behind,
//! `reconcile` finds permits that no job holds any more, and `adopt` reads messages that RabbitMQ
//! itself dead-lettered.

// A new state or fact must be handled in every match.
#![warn(clippy::wildcard_enum_match_arm)]

mod accounts;
mod adopt;
mod ask;
mod doubt;
mod fit;
mod inquiry;
mod look;
mod look_up;
mod outbox;
mod poller;
mod reconcile;
mod recording;
mod reservations;
mod settings;
mod shared;
mod shared_witnesses;
mod sweep;
mod trace;
mod trials;
mod witnesses;

pub use look_up::{LookUpReport, LookUpStanding};
pub use poller::Poller;
pub use settings::{Account, LookUpBy, Settings};
