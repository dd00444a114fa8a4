//! The only crate that writes records. It applies a fact to a record and does what follows in one
//! order: ledger, permits, journal, announcement.
//!
//! Read [`Session`] (the lease under which it writes), [`Plan`] (a legal change), [`Writer`] (the
//! write to the ledger), [`Recorder`], `follow_up` and `room` (what follows), then `answer` (of a
//! POST), `announce` and `put_back`.

// Each match must list a new state or fact.
#![warn(clippy::wildcard_enum_match_arm)]

mod account;
mod announce;
mod announcer;
mod announces;
mod answer;
mod batch;
mod follow_up;
mod journal;
mod plan;
mod put_back;
mod recorder;
mod room;
mod session;
mod whole;
mod writer;

pub use announcer::Announcer;
pub use announces::Earlier;
pub use answer::{Intent, STORE_RETRY};
pub use batch::Batcher;
pub use journal::journal_message;
pub use plan::Plan;
pub use recorder::{Applied, Error, Recorder};
pub use session::{LEASE, Phase, Session};
pub use writer::{Writer, Written, Wrote};
