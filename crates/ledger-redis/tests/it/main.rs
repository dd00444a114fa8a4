//! The ledger on a real Redis: the shared one, or a server that a test may damage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allowances;
mod cluster;
mod conformance;
mod erase;
mod fixture;
mod index;
mod outages;
mod refusals;
mod rights;
mod sentinel;
mod shards;
mod tls;
mod traffic;
mod unreadable;
mod upgrade;
