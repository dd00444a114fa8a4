//! The simulation itself: it repeats, it finds known mistakes, and worlds that once failed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod broken;
mod determinism;
mod installation;
mod money;
mod orphans;
mod pairs;
mod pauses;
mod recall;
mod routes;
mod waiting;
mod worlds;
