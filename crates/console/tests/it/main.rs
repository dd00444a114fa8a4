//! The console over HTTP, with broker and ledger on a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod actions;
mod bench;
mod letters;
mod pages;
