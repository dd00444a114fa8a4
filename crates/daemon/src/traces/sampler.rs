//! Decides which spans are kept: all traces of a job or none.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

#[derive(Clone, Debug)]
pub(super) struct Together {
    pub(super) root: Sampler,
    /// Whether the parent decides, or for a root its first link.
    pub(super) follows: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Keep,
    Drop,
    /// The sampler for roots decides.
    Root,
}

impl Together {
    /// Pure. `parent` and `link`: whether they are kept.
    fn choose(&self, parent: Option<bool>, link: Option<bool>) -> Choice {
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
        let decision = match self.choose(kept, link) {
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
        assert_eq!(all.choose(None, None), Choice::Root);
        assert_eq!(all.choose(None, Some(false)), Choice::Drop);
        assert_eq!(all.choose(None, Some(true)), Choice::Keep);
        assert_eq!(all.choose(Some(false), Some(true)), Choice::Drop);
        let each = Together { root: Sampler::AlwaysOn, follows: false };
        assert_eq!(each.choose(Some(false), Some(false)), Choice::Root);
    }
}
