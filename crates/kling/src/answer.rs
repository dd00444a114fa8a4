//! The tolerant decoder: status and bytes in, meaning out. Pure; no input makes it panic.

mod body;
mod callback;
mod code;
mod complaint;
mod created;
mod envelope;
mod failure;
mod left_out;
mod number;
mod output;
mod query;
mod results;
mod status;
mod task;
mod value;
mod words;

pub(crate) use body::utf16;
pub use callback::decode_callback;
pub use code::TOO_MANY_TASKS;
pub use created::{Created, decode_created, decode_created_with};
pub use failure::classify_failure;
pub use output::{Output, OutputKind};
pub(crate) use query::decode_task_of;
pub use query::{decode_task, decode_tasks};
pub use status::TaskStatus;
pub use task::{BalanceDeduction, ParentVideo, Task};

pub(crate) use created::decode_data;
pub(crate) use results::outputs;
pub(crate) use value::{can_be_asked_for, id, text};
pub use words::ErrorWords;
