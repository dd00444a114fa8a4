//! The simulator over HTTP, as a client meets it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;

mod books;
mod callbacks;
mod create_faults;
mod helpers;
mod life;
mod limits;
mod look_up;
mod operations;
mod paper;
mod shapes;
mod task_faults;
