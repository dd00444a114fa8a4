//! The tests that every implementation of a port must pass. Where a comment of a port and these
//! tests disagree, the tests are wrong.

// A panic is how a case fails.
#![allow(clippy::unwrap_used)]

pub mod broker;
pub mod ledger;
