//! What every ledger must do, on the Redis of this machine.

conformance::ledger!(crate::fixture::open());
