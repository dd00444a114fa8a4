//! Serves a port of ours. A caller that does not finish its request is cut off in time, and at once
//! when others need its place.
//!
//! `serve` accepts and answers within [`Bounds`]; `callers` knows who is connected, and who makes
//! place. How much of a body is read, and for how long, is for the pages to say.

mod callers;
mod serve;

pub use serve::{Bounds, serve};
