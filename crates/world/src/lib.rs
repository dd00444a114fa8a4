//! An in-memory world for worker and poller, driven from one seed.
//!
//! A [`Plan`] decides what a seed does; [`run`] plays it: producers follow a `script`, `keeper`s
//! keep processes running, `disturb`ances strike them, until `audit` says what came of it.
//!
//! A `process` is the real session, worker, poller, follower and callback mailbox on doors of its
//! own (`process_ledger`, `process_broker`, `process_wire`, `process_clock`, `front`). An `operator`
//! comes and goes. Each of their calls goes through its
//! `life`: there it is late, is frozen, or dies at a numbered point. Behind those doors stand the
//! stores in memory (crate `memory`) with a `judge` beside them, and the
//! `provider` with accounts of its own. [`Broken`] are mistakes that must be found.

mod audit;
mod broken;
mod census;
mod chance;
mod fault;
mod front;
mod judge;
mod judged;
mod keeper;
mod life;
mod operator;
mod page;
mod plan;
mod process;
mod process_broker;
mod process_clock;
mod process_ledger;
mod process_wire;
mod provider;
mod report;
mod run;
mod script;
mod second_life;
mod stage;
mod trace;
mod weather;

pub use broken::Broken;
pub use chance::Chance;
pub use plan::Plan;
pub use report::Report;
pub use run::run;
