//! What every implementation must do, as tests.

pub mod broker;
pub mod ledger;
