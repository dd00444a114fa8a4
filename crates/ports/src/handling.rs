use tracing::Span;

/// What is done with one delivery, from when it is taken until it is settled, as traces name it.
#[derive(Clone, Debug)]
pub struct Handling {
    span: Span,
    traceparent: Option<String>,
}

impl Handling {
    pub fn new(span: Span, traceparent: Option<String>) -> Self {
        Self { span, traceparent }
    }

    /// Of what is not a job's delivery.
    pub fn untold() -> Self {
        Self::new(Span::none(), None)
    }

    /// Has the fields `job.id` and `kling.task.id` to be recorded.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Its name for others, also where it is not sampled.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }
}
