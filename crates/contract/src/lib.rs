//! The documents for programs in other languages: the job message, the event, and their exchanges
//! and queues, and the HTTP API. They are generated from the types and stored in `schemas/`.
//!
//! [`job_message`] and [`event`] are JSON Schemas; [`asyncapi`] assigns them to channels, and
//! [`openapi`] has the API of the gateway.
//! [`refusals`] finds changes that break a reader: values that a writer may write by one schema and
//! that a reader by the other does not expect.

mod asyncapi;
mod event;
mod job_message;
mod openapi;
mod references;
mod refusals;
mod schema;

pub use asyncapi::asyncapi;
pub use event::event;
pub use job_message::job_message;
pub use openapi::openapi;
pub use refusals::{Refusal, refusals, vanished};
pub use schema::Draft;

use serde_json::Value;

/// One document, with the name of its file in `schemas/`.
pub struct Document {
    pub name: &'static str,
    pub content: Value,
}

impl Document {
    /// The content of its file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.content)
    }
}

/// All documents.
pub fn documents() -> [Document; 4] {
    [
        Document { name: "job.v1.json", content: job_message(Draft::Draft2020) },
        Document { name: "event.v1.json", content: event(Draft::Draft2020) },
        Document { name: "asyncapi.json", content: asyncapi() },
        Document { name: "openapi.json", content: openapi() },
    ]
}
