//! What every ledger must do, on the Redis of this machine.

mod house;

conformance::ledger!(house::open());
