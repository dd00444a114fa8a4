//! Whether a job can be done. The producer asks before it publishes, the worker before it pays. A
//! producer that knows the limits of the workers accepts nothing that they reject or park for what
//! it says; without the limits it accepts jobs that are too wide for them.

mod check;
mod operation;
mod slots;
mod text;

pub use check::{Fit, check};
pub use operation::is_known;
pub use slots::{Slots, slots};
pub use text::with_text;
