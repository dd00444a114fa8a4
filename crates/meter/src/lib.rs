//! What is counted and measured, as Prometheus text.
//!
//! Everything is seen at the doors: [`Meter::broker`], [`Meter::ledger`] and
//! [`Meter::transport`] wrap them, so the rooms behind know nothing of it. What a ledger write
//! means is a pure function (`reading.rs`). Labels come from bounded vocabularies; no id is one.

mod broker;
mod classic;
mod families;
mod fleet;
mod label;
mod ledger;
mod looks;
mod meter;
mod process;
mod reading;
mod refusals;
mod transport;

pub use self::classic::classic;
pub use self::fleet::{Fleet, slots_in_doubt};
pub use self::meter::{About, Meter};
