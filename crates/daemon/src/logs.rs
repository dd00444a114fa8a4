//! The log of the process: lines on stderr only.

use std::fmt;
use std::io::IsTerminal;

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::field::{MakeExt, RecordFields};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{JsonFields, Writer, debug_fn};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::choice::LogFormat;
use crate::config::Telemetry;
use crate::traces::{Traces, is_traced};

/// Starts the log and the traces. A process that already has a log keeps it, so every test may call
/// this.
pub fn init(telemetry: &Telemetry, traces: Option<&Traces>) {
    let terminal = std::io::stderr().is_terminal();
    let log = subscriber(telemetry, traces, terminal, std::io::stderr);
    // The only possible error is that there is a log already.
    let _ = tracing::subscriber::set_global_default(log);
    std::panic::set_hook(Box::new(panicked));
    for warning in traces.iter().flat_map(|traces| &traces.warnings) {
        tracing::warn!("{warning}");
    }
}

/// Logged like any other event. The thread of the broker's client panics if it ends while the
/// broker is unavailable, which does no harm.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or_default();
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let payload = panic.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let cause = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or_default();
    if thread.starts_with("lapin-") {
        return tracing::debug!(thread, at, cause, "the broker's client has ended");
    }
    tracing::error!(thread, at, cause, "panicked");
}

fn subscriber<W>(
    telemetry: &Telemetry,
    traces: Option<&Traces>,
    terminal: bool,
    writer: W,
) -> impl Subscriber
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let pretty = match telemetry.log_format {
        LogFormat::Auto => terminal,
        LogFormat::Json => false,
        LogFormat::Pretty => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match (pretty, terminal) {
        // Colours depend on NO_COLOR.
        (true, true) => lines.fmt_fields(PlainFields).compact().boxed(),
        (true, false) => lines.fmt_fields(PlainFields).compact().with_ansi(false).boxed(),
        (false, _) => lines.fmt_fields(JsonFields::new()).event_format(JsonLine).boxed(),
    };
    // Without its own hint it would hide that of the filter, and every callsite would be evaluated.
    let others = filter_fn(|metadata| !is_traced(metadata)).with_max_level_hint(LevelFilter::TRACE);
    let filter = EnvFilter::new(&telemetry.log).and(others);
    let mut layers = vec![lines.with_filter(filter).boxed()];
    layers.extend(traces.map(Traces::layer));
    tracing_subscriber::registry().with(layers)
}

/// For people: text from a message or a response stays on its line and cannot control the terminal.
struct PlainFields;

impl<'w> FormatFields<'w> for PlainFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let write = |writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| {
            let text = format!("{value:?}");
            let text = crate::printable_line(&text);
            match field.name() {
                "message" => write!(writer, "{text}"),
                name => write!(writer, "{name}={text}"),
            }
        };
        debug_fn(write).delimited(" ").format_fields(writer, fields)
    }
}

/// One flat object per line: the fields of the spans from the root, then those of the event, then
/// `timestamp` (RFC 3339, UTC), `level` and `target`. Later ones win, so no key occurs twice.
struct JsonLine;

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Fields(Map::new());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                line.0.extend(serde_json::from_str::<Map<_, _>>(fields).unwrap_or_default());
            }
        }
        event.record(&mut line);
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        line.0.insert("timestamp".into(), timestamp.into());
        line.0.insert("level".into(), event.metadata().level().as_str().into());
        line.0.insert("target".into(), event.metadata().target().into());
        writeln!(writer, "{}", crate::printable(&Value::Object(line.0).to_string()))
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::choice::TraceMode;

    /// The log of `work` with these settings.
    fn logged(format: LogFormat, filter: &str, terminal: bool, work: impl FnOnce()) -> String {
        let telemetry = Telemetry {
            log_format: format,
            log: filter.into(),
            otlp_endpoint: None,
            trace_mode: TraceMode::Link,
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        let log = subscriber(&telemetry, None, terminal, Arc::new(file.reopen().unwrap()));
        tracing::subscriber::with_default(log, work);
        std::fs::read_to_string(file.path()).unwrap()
    }

    fn work() {
        let outer = tracing::info_span!("job", job_id = "j1", attempt = 1);
        let _outer = outer.enter();
        let inner =
            tracing::info_span!("submit", attempt = 2, kling_task_id = tracing::field::Empty);
        inner.record("kling_task_id", "t9");
        let _inner = inner.enter();
        tracing::warn!(target: "kling", wait_ms = 5, ratio = 0.5, last = true, "busy\nnow");
        tracing::debug!("not at level info");
    }

    #[test]
    fn off_a_terminal_a_line_is_one_flat_object() {
        let text = logged(LogFormat::Auto, "info", false, work);
        assert_eq!(text.lines().count(), 1, "{text}");
        let mut line: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let timestamp = line.remove("timestamp").unwrap();
        let timestamp = timestamp.as_str().unwrap();
        assert!(timestamp.starts_with("20") && timestamp.ends_with('Z'), "{timestamp}");
        let expected = json!({
            "level": "WARN", "target": "kling", "message": "busy\nnow", "job_id": "j1",
            "attempt": 2, "kling_task_id": "t9", "wait_ms": 5, "ratio": 0.5, "last": true,
        });
        assert_eq!(Value::Object(line), expected);
    }

    #[test]
    fn a_field_cannot_pose_as_the_level() {
        let pose = || tracing::error!(level = "INFO", "message");
        let text = logged(LogFormat::Json, "info", true, pose);
        assert_eq!(text.matches("\"level\"").count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "ERROR");
    }

    #[test]
    fn on_a_terminal_lines_are_for_eyes_and_elsewhere_without_colours() {
        for (format, terminal) in [(LogFormat::Auto, true), (LogFormat::Pretty, false)] {
            let text = logged(format, "info", terminal, work);
            assert!(text.contains("busy") && !text.starts_with('{'), "{text}");
            assert!(terminal || !text.contains('\u{1b}'), "{text}");
        }
    }

    #[test]
    fn nothing_in_a_line_commands_a_terminal_or_makes_another_line() {
        let hostile = || {
            let outer = tracing::info_span!("job", job_id = %"j\u{1b}[2J");
            let _outer = outer.enter();
            tracing::warn!(error = %"x\u{9b}0m\r\nINFO all is well", "busy \u{1b}]0;owned\u{7}");
        };
        for format in [LogFormat::Pretty, LogFormat::Json] {
            let text = logged(format, "info", false, hostile);
            assert_eq!(text.lines().count(), 1, "{text}");
            let commands = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(commands), "{text:?}");
            assert!(text.contains("all is well") && text.contains("owned"), "{text}");
        }
    }

    #[test]
    fn the_filter_decides_by_target() {
        let text = logged(LogFormat::Json, "trace,kling=error", false, work);
        assert!(!text.contains("busy") && text.contains("not at level info"), "{text}");
    }
}
