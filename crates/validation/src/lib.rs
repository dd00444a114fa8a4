//! Whether a job can be done. The producer asks before it publishes, the worker before it pays, so
//! that nothing a producer accepts is rejected or parked for what it says.

mod check;
mod slots;
mod text;

pub use check::{Fit, check};
pub use slots::{Slots, slots};
pub use text::with_text;
