use async_trait::async_trait;
use ports::{PublishError, Settle};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// A settlement that is traced within the handling of its delivery.
pub(crate) struct Settling {
    pub(crate) inner: Box<dyn Settle>,
    /// The span of the handling.
    pub(crate) span: Span,
    pub(crate) system: &'static str,
    pub(crate) destination: String,
}

#[async_trait]
impl Settle for Settling {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        let span = self.settling("ack");
        let done = self.inner.ack().instrument(span.clone()).await;
        record(&span, &done);
        done
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        let span = self.settling("nack");
        let done = self.inner.requeue().instrument(span.clone()).await;
        record(&span, &done);
        done
    }
}

impl Settling {
    fn settling(&self, verb: &'static str) -> Span {
        tracing::debug_span!(
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
        )
    }
}

pub(crate) fn record(span: &Span, done: &Result<(), PublishError>) {
    if let Err(error) = done {
        span.record("otel.status_code", "error");
        span.record("error.type", error.word());
    }
}
