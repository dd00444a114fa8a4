//! An HTTP server with limits. A client that does not finish its request headers is cut off after a
//! time, or at once when another client needs the connection.
//!
//! `serve` accepts and answers within [`Bounds`]; `callers` has the open connections and decides
//! which one is closed. The handlers limit how much of a body is read, and for how long.

mod callers;
mod local;
mod serve;

pub use local::{NotLocal, is_of_a_browser_here, is_of_a_program_here, is_of_another_site};
pub use serve::{Bounds, serve};
