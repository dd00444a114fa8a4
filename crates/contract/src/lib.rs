//! What programs in other languages may rely on: the job message, the event, and where on the
//! broker both travel. As documents, made from the types and kept in `schemas/`.
//!
//! [`job_message`] and [`event`] are JSON Schemas; [`asyncapi`] puts them into their channels.
//! [`refusals`] tells whether a change breaks somebody: what a writer may write by one schema
//! that a reader by the other does not expect.

mod asyncapi;
mod event;
mod job_message;
mod refusals;
mod schema;

pub use asyncapi::asyncapi;
pub use event::event;
pub use job_message::job_message;
pub use refusals::{Refusal, refusals, vanished};
pub use schema::Draft;

use serde_json::Value;

/// One document by its file's name below `schemas/`.
pub struct Document {
    pub name: &'static str,
    pub content: Value,
}

impl Document {
    /// As it stands in its file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.content)
    }
}

/// All of them.
pub fn documents() -> [Document; 3] {
    [
        Document { name: "job.v1.json", content: job_message(Draft::Draft2020) },
        Document { name: "event.v1.json", content: event(Draft::Draft2020) },
        Document { name: "asyncapi.json", content: asyncapi() },
    ]
}
