use ports::{Destination, Handling, Message, PublishError, Settle, header};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::settling::{Settling, record};
use crate::spans::Spans;

/// Where a message is published or taken, in the broker's own names; empty if there is none.
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
    /// Traces a delivery's handling, with its settlement as a child.
    pub fn handling(
        &self,
        spans: Spans,
        message: &Message,
        settle: Box<dyn Settle>,
    ) -> (Handling, Box<dyn Settle>) {
        let (span, traceparent) = spans.named(self.process(message));
        let settle = match span.is_disabled() {
            true => settle,
            false => Box::new(Settling {
                inner: settle,
                span: span.clone(),
                system: self.system,
                destination: self.name(),
            }),
        };
        (Handling::new(span, traceparent), settle)
    }

    /// Publishes under a span whose name the message carries to its consumer.
    pub async fn publish<F>(
        &self,
        spans: Spans,
        to: &Destination,
        message: Message,
        publish: impl FnOnce(Message) -> F,
    ) -> Result<(), PublishError>
    where
        F: Future<Output = Result<(), PublishError>>,
    {
        let span = self.publishing(&message);
        let signed = async { publish(spans.signed(to, message)).await };
        let done = signed.instrument(span.clone()).await;
        record(&span, &done);
        done
    }

    /// The root span of a delivery's handling, linked to the span of its publisher.
    fn process(&self, message: &Message) -> Span {
        tracing::info_span!(
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
        )
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

    /// Exchange, key and queue with colons between; empty and repeated ones are left out.
    fn name(&self) -> String {
        let queue = if self.queue == self.routing_key { "" } else { self.queue };
        let parts = [self.exchange, self.routing_key, queue];
        match parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>() {
            parts if parts.is_empty() => "amq.default".to_owned(),
            parts => parts.join(":"),
        }
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
