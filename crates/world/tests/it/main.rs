//! The simulation itself: it repeats, it finds known mistakes, and worlds that once failed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broken;
mod determinism;
mod installation;
mod orphans;
mod pairs;
mod recall;
mod routes;
mod turns;
mod worlds;
