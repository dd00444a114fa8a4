//! Which spans are kept: a job's traces all or none, and no housekeeping.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

#[derive(Clone, Debug)]
pub(super) struct Together {
    pub(super) root: Sampler,
    /// Whether a parent, or for a root its first link, decides.
    pub(super) follows: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Keep,
    Drop,
    /// As the sampler for roots has it.
    Root,
}

impl Together {
    /// Pure. `parent` and `link`: whether that one is kept.
    fn choose(&self, parent: Option<bool>, kind: &SpanKind, link: Option<bool>) -> Choice {
        // A call outside of any span is a heartbeat or a search: there are thousands.
        let is_call = matches!(kind, SpanKind::Client | SpanKind::Producer);
        if parent.is_none() && is_call {
            return Choice::Drop;
        }
        match parent.or(link).filter(|_| self.follows) {
            Some(true) => Choice::Keep,
            Some(false) => Choice::Drop,
            None => Choice::Root,
        }
    }
}

impl ShouldSample for Together {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let context = parent.map(|parent| parent.span().span_context().clone());
        let context = context.filter(|context| context.is_valid());
        let kept = context.as_ref().map(|context| context.is_sampled());
        let link = links.first().map(|link| link.span_context.is_sampled());
        let decision = match self.choose(kept, kind, link) {
            Choice::Keep => SamplingDecision::RecordAndSample,
            Choice::Drop => SamplingDecision::Drop,
            Choice::Root => {
                return self.root.should_sample(parent, trace_id, name, kind, attributes, links);
            }
        };
        let trace_state = context.map_or(TraceState::NONE, |context| context.trace_state().clone());
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_decides_and_for_a_root_its_first_link() {
        let all = Together { root: Sampler::AlwaysOn, follows: true };
        let consumer = |parent, link| all.choose(parent, &SpanKind::Consumer, link);
        assert_eq!(consumer(None, None), Choice::Root);
        assert_eq!(consumer(None, Some(false)), Choice::Drop);
        assert_eq!(consumer(None, Some(true)), Choice::Keep);
        assert_eq!(consumer(Some(false), Some(true)), Choice::Drop);
        let each = Together { root: Sampler::AlwaysOn, follows: false };
        assert_eq!(each.choose(Some(false), &SpanKind::Consumer, Some(false)), Choice::Root);
    }

    #[test]
    fn a_call_belongs_to_a_span_or_to_nobody() {
        let all = Together { root: Sampler::AlwaysOn, follows: true };
        for kind in [SpanKind::Client, SpanKind::Producer] {
            assert_eq!(all.choose(None, &kind, None), Choice::Drop);
            assert_eq!(all.choose(Some(true), &kind, None), Choice::Keep);
        }
    }
}
