//! A deterministic simulation of an installation, driven by one seed.
//!
//! A [`Plan`] decides what a seed does and [`run`] runs it: producers publish a `script`,
//! `supervisor`s keep processes running, `fault`s and `outages` disturb them, and at the end
//! `audit` checks the promises.
//!
//! A `process` is the real session, worker, poller, follower and callback mailbox with its own
//! ports (`process_ledger`, `process_broker`, `process_transport`, `process_clock`, `front`). An
//! `operator` runs commands from time to time. Each call passes through the `life` of its process,
//! where it is delayed, freezes, or kills the process at a numbered point. Behind the ports are the
//! stores in memory (crate `memory`), observed by a `judge` and a `pause_watch`, and the simulated `provider` with its
//! own records. [`Broken`] lists mistakes that the simulation must find.
//!
//! Some worlds have two `accounts` (`several_accounts`): `binding` decides which jobs name theirs, and
//! `unbound` checks on which account they ran, and for which they waited.

mod accounts;
mod audit;
mod binding;
mod broken;
mod census;
mod chance;
mod fault;
mod front;
mod judge;
mod judged;
mod life;
mod operator;
mod outages;
mod page;
mod pause_watch;
mod plan;
mod process;
mod process_broker;
mod process_clock;
mod process_ledger;
mod process_transport;
mod provider;
mod report;
mod run;
mod script;
mod second_life;
mod several_accounts;
mod supervisor;
mod trace;
mod unbound;
mod world;

pub use broken::Broken;
pub use chance::Chance;
pub use plan::Plan;
pub use report::Report;
pub use run::run;
