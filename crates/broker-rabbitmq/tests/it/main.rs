//! The broker on a real RabbitMQ, and with connections and nodes that fail.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cluster;
mod conformance;
mod faults;
mod fixture;
mod nodes;
mod refusals;
mod tls;
mod topology;
mod unanswered;
