//! Takes a job from its lane, submits it to the provider, has the answer recorded, and settles the
//! delivery. Never polls, never announces an outcome.
//!
//! In the order in which a delivery passes: `lane` consumes, `decode` reads the job, `handler` works
//! on it until it is settled, `recovery_order` decides whether it may start around a rebuild of the
//! ledger, `routing` chooses its `account` (by how busy `pool_loads` shows them), `attempt` decides by the job's record ([`job::admit`], [`job::recover`]), `submission` sends
//! it, `submit` makes the one request that costs money, `recording` hands its answer to the recorder.
//!
//! A job without a slot waits in the waiting room; `grants` submits it when it is granted one. If the
//! room has no place for it, it waits in the broker until `overflow` gives it one.
//! `intake` pauses lanes that cannot work, and `intake_monitor` opens them again. After unclear
//! answers, `lane_health` and `route_health` decide which request may probe, `backoff` and
//! `hold_times` when, and `shared_health` reports it to the other workers. `pause_reader` reads what
//! operators have paused by hand, and `manual_pauses` keeps it. `submission/money` reserves what a job is
//! estimated to cost, by `budget`; `capped_tenants` keeps whose cap is reached.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

mod account;
mod attempt;
mod backoff;
mod budget;
mod capped_tenants;
mod consuming;
mod decode;
mod error;
mod full_rooms;
mod grants;
mod handler;
mod hold_times;
mod intake;
mod intake_monitor;
mod lane;
mod lane_health;
mod lane_report;
mod manual_pauses;
mod models;
mod origin;
mod overflow;
mod parking;
mod pause_reader;
mod pause_writer;
mod pool_loads;
mod queue_kind;
mod reachability;
mod recording;
mod recovery_order;
mod route_health;
mod routing;
mod settings;
mod shared;
mod shared_health;
mod slot_limits;
mod streak;
mod submission;
mod submit;
mod understood;
mod window;
mod worker;

pub use budget::Budget;
pub use lane_report::{LaneReport, PausedLane};
pub use settings::{Account, Callback, Settings};
pub use validation::Slots;
pub use worker::Worker;
