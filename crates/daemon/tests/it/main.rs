//! The crate as a program uses it: files in a directory, an environment in a map, a real process.

// Clippy's leave for tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used)]

mod bench;
mod example;
mod layers;
mod problems;
mod secrets;
#[cfg(unix)]
mod signals;
