//! Takes a job from its lane, submits it to the provider, has the answer recorded, and settles the
//! delivery. Never polls, never announces an outcome.
//!
//! In the order in which a delivery passes: `lane` consumes, `decode` reads the job, `handler` works
//! on it until it is settled, `recovery_order` decides whether it may start around a rebuild of the
//! ledger, `attempt` decides by the job's record ([`job::admit`], [`job::recover`]), `submit` makes
//! the one request that costs money, `recording` hands its answer to the recorder.
//!
//! `intake` pauses lanes that cannot work, and `intake_monitor` opens them again. After unclear
//! answers, `lane_health` and `route_health` decide which request may probe, `backoff` and
//! `hold_times` when, and `shared_health` reports it to the other workers.
//! While no slot is free, `full_pool` takes jobs instead of `lane`, one worker at a time
//! (`pool_turn`), and deliveries in hand wait in `slot_queue`.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

mod attempt;
mod backoff;
mod decode;
mod error;
mod full_pool;
mod handler;
mod hold_times;
mod intake;
mod intake_monitor;
mod lane;
mod lane_health;
mod lane_report;
mod models;
mod origin;
mod parking;
mod pause_writer;
mod pool_turn;
mod reachability;
mod recording;
mod recovery_order;
mod route_health;
mod settings;
mod shared;
mod shared_health;
mod slot_queue;
mod slot_request;
mod streak;
mod submit;
mod take;
mod understood;
mod window;
mod worker;

pub use lane_report::{LaneReport, PausedLane};
pub use settings::{Callback, Settings};
pub use validation::Slots;
pub use worker::Worker;
