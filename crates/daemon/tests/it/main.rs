//! Uses the crate like a program: with files, an environment in a map, and a real process.

// Clippy's exception for tests does not apply to functions that tests share.
#![allow(clippy::unwrap_used)]

mod accounts;
mod bench;
mod example;
mod layers;
mod problems;
mod secrets;
#[cfg(unix)]
mod signals;
