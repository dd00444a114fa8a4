use ports::{Destination, Message, header};
use tracing::Span;

/// Returns the `traceparent` of the running span.
type Namer = fn() -> Option<String>;

/// How a process names its spans. By default it does not trace, and spans have no names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spans {
    namer: Option<Namer>,
}

impl Spans {
    /// Published messages carry the name of the running span.
    pub fn named_by(namer: Namer) -> Self {
        Self { namer: Some(namer) }
    }

    /// The `traceparent` of the running span; `None` outside of any.
    pub fn traceparent(self) -> Option<String> {
        self.namer.and_then(|namer| namer())
    }

    /// Ends a root at once if it is not sampled: entering it at every step would cost more than the
    /// decision.
    pub fn if_sampled(self, root: Span) -> Span {
        self.named(root).0
    }

    /// The root, if it is sampled, and its name in any case.
    pub(crate) fn named(self, root: Span) -> (Span, Option<String>) {
        let name = root.in_scope(|| self.traceparent());
        let dropped = name.as_deref().is_some_and(|name| !is_sampled(name));
        (if dropped { Span::none() } else { root }, name)
    }

    /// New messages carry the name of the running span; copies keep their producer's. A job is
    /// published as not sampled too; an event then keeps its producer's trace.
    pub(crate) fn signed(self, to: &Destination, mut message: Message) -> Message {
        let named = match to {
            Destination::Jobs { .. } => self.traceparent(),
            Destination::Results { .. } => self.traceparent().filter(|name| is_sampled(name)),
            Destination::Later { .. }
            | Destination::Overflow { .. }
            | Destination::Dead { .. }
            | Destination::Webhooks { .. }
            | Destination::Journal => None,
        };
        if let Some(name) = named {
            message.headers.remove(header::TRACESTATE);
            message = message.header(header::TRACEPARENT, name);
        }
        message
    }
}

/// The lowest bit of the flags, which come last in the version that we write.
fn is_sampled(traceparent: &str) -> bool {
    traceparent.ends_with("-01")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const DROPPED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn signed(spans: Spans, to: &Destination) -> Option<String> {
        let message = Message::json("a", "{}").header(header::TRACEPARENT, "the producer's");
        spans.signed(to, message).headers.remove(header::TRACEPARENT)
    }

    #[test]
    fn what_is_new_carries_the_running_span() {
        let (sampled, dropped) =
            (Spans::named_by(|| Some(SAMPLED.into())), Spans::named_by(|| Some(DROPPED.into())));
        let routing_key = || "videos.text2video.normal".to_owned();
        let job = Destination::Jobs { routing_key: routing_key() };
        let event = Destination::Results { routing_key: routing_key() };
        let dead = Destination::Dead { routing_key: routing_key() };
        let old = Some("the producer's".to_owned());
        assert_eq!(signed(sampled, &job), Some(SAMPLED.to_owned()));
        assert_eq!(signed(sampled, &event), Some(SAMPLED.to_owned()));
        assert_eq!(signed(sampled, &dead), old);
        assert_eq!(signed(dropped, &job), Some(DROPPED.to_owned()));
        assert_eq!(signed(dropped, &event), old);
        assert_eq!(signed(Spans::default(), &job), old);
    }
}
