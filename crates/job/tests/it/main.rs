//! The decisions from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hashes;
mod transition;
