//! Receives traces over OTLP and draws them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span as Sent;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;

type Spans = Arc<Mutex<Vec<Span>>>;

/// A receiver for one test; it ends with the test's runtime.
pub(crate) struct Collector {
    pub(crate) url: String,
    spans: Spans,
}

/// One span, as received.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// Attributes of the process that sent it.
    pub(crate) resource: BTreeMap<String, String>,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for a root.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) start: u64,
    /// Ids of spans.
    pub(crate) links: Vec<String>,
    pub(crate) events: Vec<String>,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Collector {
    pub(crate) async fn here() -> Self {
        let spans = Spans::default();
        let app = Router::new().route("/v1/traces", post(receive)).with_state(spans.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, spans }
    }

    /// All spans received so far, by start time.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans = self.spans.lock().expect("the spans").clone();
        spans.sort_by_key(|span| span.start);
        spans
    }
}

async fn receive(State(spans): State<Spans>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers[header::CONTENT_TYPE], "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("an export of traces");
    let mut spans = spans.lock().expect("the spans");
    for group in request.resource_spans {
        let resource = pairs(group.resource.unwrap_or_default().attributes);
        let sent = group.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(sent.map(|span| Span::read(span, &resource)));
    }
    StatusCode::OK
}

impl Span {
    fn read(sent: Sent, resource: &BTreeMap<String, String>) -> Self {
        Self {
            resource: resource.clone(),
            kind: sent.kind(),
            trace: hex(&sent.trace_id),
            id: hex(&sent.span_id),
            parent: hex(&sent.parent_span_id),
            name: sent.name,
            start: sent.start_time_unix_nano,
            links: sent.links.iter().map(|link| hex(&link.span_id)).collect(),
            events: sent.events.into_iter().map(|event| event.name).collect(),
            attributes: pairs(sent.attributes),
        }
    }

    pub(crate) fn service(&self) -> &str {
        &self.resource["service.name"]
    }

    pub(crate) fn is_root(&self) -> bool {
        self.parent.is_empty()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn pairs(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    attributes
        .into_iter()
        .map(|pair| (pair.key, pair.value.map(text).unwrap_or_default()))
        .collect()
}

fn text(value: AnyValue) -> String {
    match value.value {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

/// Draws each trace as a tree below its service, with its links, by start time. Traces without a
/// link in either direction are left out.
pub(crate) fn drawing(spans: &[Span]) -> String {
    let linked: BTreeSet<&str> =
        spans.iter().flat_map(|span| &span.links).map(String::as_str).collect();
    let of_linked: BTreeSet<&str> = spans
        .iter()
        .filter(|span| linked.contains(span.id.as_str()) || !span.links.is_empty())
        .map(|span| span.trace.as_str())
        .collect();
    let mut text = String::new();
    for root in spans.iter().filter(|span| span.is_root()) {
        if of_linked.contains(root.trace.as_str()) {
            let _ = writeln!(text, "{}", root.service());
            draw(root, spans, 1, &mut text);
        }
    }
    text
}

fn draw(span: &Span, spans: &[Span], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let kind = span.kind.as_str_name().trim_start_matches("SPAN_KIND_").to_lowercase();
    let script = span.attributes.get("db.stored_procedure.name");
    let script = script.map_or_else(String::new, |script| format!(" {script}"));
    let _ = writeln!(text, "{indent}{}{script} ({kind})", span.name);
    for event in &span.events {
        let _ = writeln!(text, "{indent}  * {event}");
    }
    for link in &span.links {
        let to = spans.iter().find(|other| other.id == *link);
        let to =
            to.map_or_else(|| "nobody".to_owned(), |to| format!("{}: {}", to.service(), to.name));
        let _ = writeln!(text, "{indent}  -> {to}");
    }
    for child in spans.iter().filter(|other| other.parent == span.id) {
        draw(child, spans, depth + 1, text);
    }
}
