//! Fields that name other spans become links before the sampler gets the span.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, Span};

/// The SDK's tracer with links to the spans that a root continues: its fields `link` (with `link.state`)
/// and `link.sweep`.
#[derive(Clone, Debug)]
pub(super) struct Linking {
    pub(super) tracer: SdkTracer,
    /// Whether W3C Trace Context is used.
    pub(super) reads: bool,
    /// The link of a consumer is also its parent.
    pub(super) as_parent: bool,
}

impl Tracer for Linking {
    type Span = Span;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Span {
        let named = take(&mut builder);
        if named.is_empty() || !self.reads {
            return self.tracer.build_with_context(builder, parent);
        }
        let link = span_context(named.get("link"), named.get("link.state"));
        // A sweep that was not sampled does not exist for the collector.
        let sweep = span_context(named.get("link.sweep"), None).filter(SpanContext::is_sampled);
        let links = [&link, &sweep].into_iter().flatten();
        let links: Vec<_> = links.map(|link| Link::with_context(link.clone())).collect();
        builder.links.get_or_insert_default().extend(links);
        match link {
            Some(link) if self.as_parent && builder.span_kind == Some(SpanKind::Consumer) => {
                let parent = parent.with_remote_span_context(link);
                self.tracer.build_with_context(builder, &parent)
            }
            _ => self.tracer.build_with_context(builder, parent),
        }
    }
}

/// Removes these fields: they are not attributes.
fn take(builder: &mut SpanBuilder) -> HashMap<String, String> {
    let is_name = |attribute: &KeyValue| {
        matches!(attribute.key.as_str(), "link" | "link.state" | "link.sweep")
    };
    let Some(attributes) = &mut builder.attributes else {
        return HashMap::new();
    };
    if !attributes.iter().any(is_name) {
        return HashMap::new();
    }
    let (names, others) = std::mem::take(attributes).into_iter().partition::<Vec<_>, _>(is_name);
    *attributes = others;
    let pair = |name: KeyValue| (name.key.to_string(), name.value.to_string());
    names.into_iter().map(pair).collect()
}

fn span_context(traceparent: Option<&String>, tracestate: Option<&String>) -> Option<SpanContext> {
    let mut carrier = HashMap::from([("traceparent".to_owned(), traceparent?.clone())]);
    if let Some(state) = tracestate {
        carrier.insert("tracestate".to_owned(), state.clone());
    }
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}
