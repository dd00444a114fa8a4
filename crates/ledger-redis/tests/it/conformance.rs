//! The shared suite of every ledger, on the Redis of this machine.

conformance::ledger!(crate::fixture::open());
