//! The gateway over HTTP, with broker and ledger on a file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callbacks;
mod kling_api;
