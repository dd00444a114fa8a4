//! Prometheus metrics.
//!
//! [`Meter::broker`], [`Meter::ledger`] and [`Meter::transport`] wrap the ports and observe each
//! call, so the wrapped crates know nothing of metrics. `reading.rs` derives from a ledger write
//! what happened to the job; it is pure. Label values come from bounded vocabularies; no label has
//! an id.

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
mod webhooks;

pub use self::classic::classic;
pub use self::fleet::{Fleet, FleetAccount, slots_in_doubt};
pub use self::meter::{About, Meter};
