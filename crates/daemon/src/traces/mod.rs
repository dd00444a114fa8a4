//! Traces for a collector: spans with an `otel.kind` are exported over OTLP, or as lines on stderr.
//!
//! Off unless an endpoint is configured. The `OTEL_*` variables win over the configuration; those
//! that the SDK does not read are read in `variables.rs`.

mod console;
mod linking;
mod sampler;
mod variables;

use std::time::Duration;

use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context as Surroundings, Filter};
use tracing_subscriber::{Layer, Registry};
use uuid::Uuid;

use self::console::Console;
use self::linking::Linking;
use self::variables::{Exporter, Variables};
use crate::choice::TraceMode;
use crate::config::Telemetry;

/// How long the exporter may take for the remaining spans at the end of a process.
const FLUSH: Duration = Duration::from_secs(5);

/// The names of a process in its spans.
#[derive(Clone, Debug)]
pub struct Service<'a> {
    /// `reelwork-worker`, …; `OTEL_SERVICE_NAME` wins.
    pub name: &'a str,
    /// The installation.
    pub namespace: &'a str,
    pub version: &'a str,
}

/// The export of this process's spans.
pub struct Traces {
    provider: SdkTracerProvider,
    linking: Linking,
    /// Logged once the log has started.
    pub(crate) warnings: Vec<String>,
}

impl Traces {
    /// `None` if no exporter is configured. Must not be called within an async runtime: the
    /// exporter has its own threads.
    pub fn start(service: &Service<'_>, telemetry: &Telemetry) -> Result<Option<Self>, String> {
        let variables = Variables::read(|name| std::env::var(name).ok());
        let Some(provider) = provider(&variables, telemetry)? else {
            return Ok(None);
        };
        let provider = provider
            .with_sampler(variables.sampler)
            .with_resource(resource(service, variables.names_service))
            .build();
        let linking = Linking {
            tracer: provider.tracer("reelwork"),
            reads: variables.trace_context,
            as_parent: telemetry.trace_mode == TraceMode::Parent,
        };
        Ok(Some(Self { provider, linking, warnings: variables.warnings }))
    }

    pub(crate) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        tracing_opentelemetry::layer()
            .with_tracer(self.linking.clone())
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter())
            .boxed()
    }

    /// Sends the remaining spans. Must not be called within an async runtime.
    pub fn flush(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// Spans with a kind, and events whose names begin with `kling.`. All others belong to the log.
pub(crate) fn is_traced(metadata: &Metadata<'_>) -> bool {
    match metadata.is_span() {
        true => metadata.fields().field("otel.kind").is_some(),
        false => metadata.name().starts_with("kling."),
    }
}

fn filter<S>() -> impl Filter<S> {
    dynamic_filter_fn(is_wanted)
        .with_max_level_hint(LevelFilter::DEBUG)
        // Otherwise the filter runs for each line of each library.
        .with_callsite_filter(|metadata| match is_traced(metadata) {
            true => Interest::sometimes(),
            false => Interest::never(),
        })
}

/// All roots, because the sampler decides about them. Calls only within a sampled span: there are
/// thousands of heartbeats and searches, and a span that is dropped later costs almost as much.
fn is_wanted<S>(metadata: &Metadata<'_>, _: &Surroundings<'_, S>) -> bool {
    is_traced(metadata) && (*metadata.level() <= Level::INFO || is_sampled())
}

fn is_sampled() -> bool {
    Context::map_current(|context| context.span().span_context().is_sampled())
}

/// The current span as W3C Trace Context; `None` outside of any span.
pub fn traceparent() -> Option<String> {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
        span.is_valid().then(|| format!("00-{trace}-{id}-{flags:02x}"))
    })
}

fn provider(
    variables: &Variables,
    telemetry: &Telemetry,
) -> Result<Option<TracerProviderBuilder>, String> {
    let builder = SdkTracerProvider::builder();
    let otlp = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    let otlp = match (variables.exporter, &telemetry.otlp_endpoint) {
        (Exporter::Off, _) => return Ok(None),
        (Exporter::Console, _) => return Ok(Some(builder.with_simple_exporter(Console))),
        (Exporter::Otlp { named: true }, _) => otlp,
        (Exporter::Otlp { named: false }, None) => return Ok(None),
        (Exporter::Otlp { named: false }, Some(url)) => {
            let url = url.as_str().trim_end_matches('/');
            otlp.with_endpoint(format!("{url}/v1/traces"))
        }
    };
    let exporter = otlp.build().map_err(|error| format!("traces cannot be exported: {error}"))?;
    Ok(Some(builder.with_batch_exporter(exporter)))
}

/// `OTEL_RESOURCE_ATTRIBUTES` wins over our attributes.
fn resource(service: &Service<'_>, named: bool) -> Resource {
    let detected = Resource::builder().build();
    let ours = [
        ("service.name", service.name.to_owned()),
        ("service.namespace", service.namespace.to_owned()),
        ("service.version", service.version.to_owned()),
        ("service.instance.id", Uuid::new_v4().to_string()),
    ];
    let is_free = |key: &str| match key {
        // The SDK always sets one.
        "service.name" => !named,
        _ => detected.get(&key.to_owned().into()).is_none(),
    };
    let ours = ours.into_iter().filter(|(key, _)| is_free(key));
    let ours: Vec<_> = ours.map(|(key, value)| KeyValue::new(key, value)).collect();
    Resource::builder().with_attributes(ours).build()
}
