//! Spans of messaging in OpenTelemetry's words, and how a span is named to other processes.
//!
//! A span with an `otel.kind` is for whoever exports traces; every other one is for the log. At
//! level INFO it is a root, at DEBUG a call within one: outside of any, or where the root is not
//! sampled, a call has no span. The fields `link` and `link.state` name the span that a root goes
//! on from, as W3C Trace Context.
//! Names and attributes: semantic conventions 1.44, messaging and RabbitMQ.

mod place;
mod settling;
mod spans;

pub use place::Place;
pub use spans::Spans;
