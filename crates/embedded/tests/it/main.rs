//! Tests broker and ledger of one file from outside.
// A panic is how a test fails.
#![allow(clippy::unwrap_used)]

mod child;
mod fixture;
mod memory;
mod opening;
mod processes;
mod results;
mod suites;
mod travel;
mod unreadable;
