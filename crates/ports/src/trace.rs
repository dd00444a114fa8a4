//! Spans of messaging in OpenTelemetry's words, and how a span is named to other processes.
//!
//! A span with an `otel.kind` is for whoever exports traces; every other one is for the log. At
//! level INFO it is a root, at DEBUG a call within one: outside of any, or where the root is not
//! sampled, a call has no span. The fields `link` and `link.state` name the span that a root goes
//! on from, as W3C Trace Context.
//! Names and attributes: semantic conventions 1.44, messaging and RabbitMQ.

use std::sync::OnceLock;

use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::{Destination, Message, PublishError, header};

/// How the span that is running is named to others: a `traceparent`.
type Namer = fn() -> Option<String>;

static NAMER: OnceLock<Namer> = OnceLock::new();

/// Told once by a process that traces; where nobody does, spans have no names. What is published
/// then carries the running span's.
pub fn name_spans_by(namer: Namer) {
    // As with the log, the first one stays.
    let _ = NAMER.set(namer);
}

/// The `traceparent` of the running span; `None` outside of any.
pub fn traceparent() -> Option<String> {
    NAMER.get().and_then(|namer| namer())
}

/// Where a message travels, in the broker's own names; what it does not have is empty.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `rabbitmq`, …
    pub system: &'static str,
    pub exchange: &'a str,
    pub routing_key: &'a str,
    /// Known to consumers only.
    pub queue: &'a str,
}

impl Place<'_> {
    /// Exchange, key and queue with colons between; what is empty or said twice is left out.
    fn name(&self) -> String {
        let queue = if self.queue == self.routing_key { "" } else { self.queue };
        let parts = [self.exchange, self.routing_key, queue];
        match parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>() {
            parts if parts.is_empty() => "amq.default".to_owned(),
            parts => parts.join(":"),
        }
    }

    /// The root of what is done with a delivery, linked to whoever published it.
    pub fn handling(&self, message: &Message) -> Handling {
        let span = tracing::info_span!(
            parent: None,
            "process",
            otel.name = %format_args!("process {}", self.name()),
            otel.kind = "consumer",
            otel.status_code = Empty,
            messaging.system = self.system,
            messaging.operation.name = "process",
            messaging.operation.r#type = "process",
            messaging.destination.name = %self.name(),
            messaging.rabbitmq.destination.routing_key = self.routing_key,
            messaging.message.id = message.id,
            messaging.message.conversation_id = message.correlation_id,
            job.id = Empty,
            kling.task.id = Empty,
            link = message.get(header::TRACEPARENT),
            link.state = message.get(header::TRACESTATE),
        );
        let traceparent = span.in_scope(traceparent);
        let span = sampled(span, traceparent.as_deref());
        let destination = if span.is_disabled() { String::new() } else { self.name() };
        Handling { span, traceparent, system: self.system, destination }
    }

    fn publishing(&self, message: &Message) -> Span {
        tracing::debug_span!(
            "publish",
            otel.name = %format_args!("publish {}", self.name()),
            otel.kind = "producer",
            otel.status_code = Empty,
            messaging.system = self.system,
            messaging.operation.name = "publish",
            messaging.operation.r#type = "send",
            messaging.destination.name = %self.name(),
            messaging.rabbitmq.destination.routing_key = self.routing_key,
            messaging.message.id = message.id,
            messaging.message.conversation_id = message.correlation_id,
            error.r#type = Empty,
        )
    }

    /// Publishes under a span that the message then names to whoever takes it.
    pub async fn publish<F>(
        &self,
        to: &Destination,
        message: Message,
        publish: impl FnOnce(Message) -> F,
    ) -> Result<(), PublishError>
    where
        F: Future<Output = Result<(), PublishError>>,
    {
        let span = self.publishing(&message);
        let done = async { publish(signed(to, message)).await }.instrument(span.clone()).await;
        tell(&span, &done);
        done
    }
}

/// What is done with one delivery, from when it is taken until it is settled.
#[derive(Clone, Debug)]
pub struct Handling {
    span: Span,
    traceparent: Option<String>,
    system: &'static str,
    destination: String,
}

impl Handling {
    /// Of what is not a job's delivery.
    pub fn untold() -> Self {
        Self { span: Span::none(), traceparent: None, system: "", destination: String::new() }
    }

    /// Has the fields `job.id` and `kling.task.id` to be recorded.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Its name for others, also where it is not sampled.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    pub(crate) async fn settle(
        &self,
        verb: &'static str,
        settling: impl Future<Output = Result<(), PublishError>>,
    ) -> Result<(), PublishError> {
        if self.span.is_disabled() {
            return settling.await;
        }
        let span = tracing::debug_span!(
            parent: &self.span,
            "settle",
            otel.name = %format_args!("{verb} {}", self.destination),
            otel.kind = "client",
            otel.status_code = Empty,
            messaging.system = self.system,
            messaging.operation.name = verb,
            messaging.operation.r#type = "settle",
            messaging.destination.name = self.destination,
            error.r#type = Empty,
        );
        let done = settling.instrument(span.clone()).await;
        tell(&span, &done);
        done
    }
}

/// What is new leaves with the name of the span that says it; a copy keeps its producer's. Who
/// publishes a job also decides that it is not sampled; of an event the producer's word is left.
fn signed(to: &Destination, mut message: Message) -> Message {
    let named = match to {
        Destination::Jobs { .. } => traceparent(),
        Destination::Results { .. } => traceparent().filter(|name| is_sampled(name)),
        Destination::Later { .. } | Destination::Dead { .. } | Destination::Journal => None,
    };
    if let Some(name) = named {
        message.headers.remove(header::TRACESTATE);
        message = message.header(header::TRACEPARENT, name);
    }
    message
}

/// A root that is not sampled is ended at once: to enter it at every step would cost more than to
/// decide.
pub fn if_sampled(root: Span) -> Span {
    let traceparent = root.in_scope(traceparent);
    sampled(root, traceparent.as_deref())
}

fn sampled(root: Span, traceparent: Option<&str>) -> Span {
    if traceparent.is_some_and(|name| !is_sampled(name)) { Span::none() } else { root }
}

/// The lowest bit of the flags, which come last in the version that we write.
fn is_sampled(traceparent: &str) -> bool {
    traceparent.ends_with("-01")
}

fn tell(span: &Span, done: &Result<(), PublishError>) {
    if let Err(error) = done {
        span.record("otel.status_code", "error");
        span.record("error.type", error.word());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(exchange: &str, routing_key: &str, queue: &str) -> String {
        Place { system: "rabbitmq", exchange, routing_key, queue }.name()
    }

    #[test]
    fn a_destination_is_named_as_the_conventions_have_it() {
        assert_eq!(name("a", "b", ""), "a:b");
        assert_eq!(name("a", "b", "c"), "a:b:c");
        assert_eq!(name("", "b", "b"), "b");
        assert_eq!(name("", "", "c"), "c");
        assert_eq!(name("", "", ""), "amq.default");
    }
}
