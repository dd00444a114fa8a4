//! What every implementation of a port must do, as tests. Where a comment of a port and this suite
//! disagree, the suite is wrong.

// A panic is how a case fails.
#![allow(clippy::unwrap_used)]

pub mod broker;
pub mod ledger;
