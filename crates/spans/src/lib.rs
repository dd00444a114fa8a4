//! Messaging spans by OpenTelemetry's conventions, and the names of spans for other processes.
//!
//! A span with an `otel.kind` is for trace exporters; every other one is for the log. At level INFO
//! it is a root, at DEBUG a call within one: a call outside of a root, or in a root that is not
//! sampled, has no span. The fields `link` and `link.state` name the span that a root continues, as
//! W3C Trace Context. Names and attributes: semantic conventions 1.44, messaging and RabbitMQ.

mod place;
mod settling;
mod spans;

pub use place::Place;
pub use spans::Spans;
