//! Rebuilding a ledger, on the embedded stores.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod memory;
mod rebuild;
