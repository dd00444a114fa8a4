//! What every ledger must do, on the Redis of this machine.

mod house;

ports::ledger_conformance!(house::open());
