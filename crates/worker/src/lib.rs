//! Takes a job from its lane, hands it to the provider, writes the ledger, settles the
//! delivery. Never polls, never announces an outcome.
//!
//! A delivery walks down the page: `intake` (a job, or the reason why not), `turn` (around a
//! rebuild, what may have been sent is first), `walk` (what the ledger already knows decides:
//! [`job::admit`], [`job::recover`]), `submit` (the one request that costs money), `settle`
//! ([`job::late_answer()`]: what a late answer may still say; task id into the ledger, journal, then
//! the ack).
//! Around it stand the loop of one `lane` and the `gate` that stops a lane which cannot work.
//! After answers that are not understood, `lane_health` and `route_health` say who may try, `rests`
//! when, and `trouble` tells the other workers.
//! While no slot is free, the `full_pool` takes jobs instead, one worker at a time (`pool_turn`),
//! and those in hand wait in the `slot_queue`.

// A new state or fact must be decided wherever one is.
#![warn(clippy::wildcard_enum_match_arm)]

mod delivery;
mod desk;
mod ending;
mod full_pool;
mod gate;
mod gatekeeper;
mod intake;
mod lane;
mod lane_health;
mod lane_report;
mod models;
mod notice;
mod parking;
mod pool_turn;
mod rests;
mod route_health;
mod settings;
mod settle;
mod shared;
mod slot_queue;
mod submit;
mod taking;
mod told;
mod trouble;
mod turn;
mod up;
mod walk;
mod window;
mod worker;

pub use lane_report::{LaneReport, Resting};
pub use settings::{Callback, Settings};
pub use validation::Slots;
pub use worker::Worker;
