//! Spans as lines on stderr, for use without a collector.

use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::{Map, Value, json};

/// One JSON object per span. Stdout is for the results of a command.
pub(super) struct Console;

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Console")
    }
}

impl SpanExporter for Console {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut stderr = std::io::stderr().lock();
        for span in &batch {
            // A closed stderr must not disturb the work.
            let _ = writeln!(stderr, "{}", line(span));
        }
        Ok(())
    }
}

fn line(span: &SpanData) -> Value {
    let attributes: Map<_, _> = span
        .attributes
        .iter()
        .map(|a| (a.key.to_string(), Value::from(a.value.to_string())))
        .collect();
    let name = |id: SpanId| (id != SpanId::INVALID).then(|| id.to_string());
    let links = span.links.iter().map(|link| {
        let context = &link.span_context;
        format!("{}:{}", context.trace_id(), context.span_id())
    });
    json!({
        "span": span.name,
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_span_id": name(span.parent_span_id),
        "kind": format!("{:?}", span.span_kind).to_lowercase(),
        "start_ms": millis(span.start_time, SystemTime::UNIX_EPOCH),
        "duration_ms": millis(span.end_time, span.start_time),
        "links": links.collect::<Vec<_>>(),
        "attributes": attributes,
    })
}

fn millis(at: SystemTime, since: SystemTime) -> f64 {
    at.duration_since(since).unwrap_or_default().as_secs_f64() * 1000.0
}
