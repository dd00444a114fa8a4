//! The gateway over HTTP, with broker and ledger on a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;
mod bench;
mod callbacks;
mod clients;
mod kling_api;
