//! Takes what is due, asks the provider, completes the record, announces. Never submits.
//!
//! A `sweep` claims due records and hands each to `look` (a task that the provider has) or
//! to `inquiry` (a POST whose answer was lost: `fit` says which task can be its own, `doubt` what
//! else was found out, `look_up` which look-up may be believed). The fact that comes back goes through
//! `settle` to the recorder, which also announces it; whatever a
//! dead process left unsaid through `outbox`. `reconcile` finds permits that nobody
//! holds, and `adopt` takes up jobs whose messages the broker itself has given up.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

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
mod settings;
mod settle;
mod shared;
mod shared_witnesses;
mod sweep;
mod trace;
mod trials;
mod witnesses;

pub use look_up::{LookUpReport, LookUpStanding};
pub use poller::Poller;
pub use settings::{LookUpBy, Settings};
