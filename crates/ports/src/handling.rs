use tracing::Span;

/// The handling of one delivery, from when it is taken until it is settled, in traces.
#[derive(Clone, Debug)]
pub struct Handling {
    span: Span,
    traceparent: Option<String>,
}

impl Handling {
    pub fn new(span: Span, traceparent: Option<String>) -> Self {
        Self { span, traceparent }
    }

    /// For a delivery that is not of a job.
    pub fn untold() -> Self {
        Self::new(Span::none(), None)
    }

    /// Has the fields `job.id` and `kling.task.id` to be recorded.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The name of its span for other processes, also if it is not sampled.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }
}
