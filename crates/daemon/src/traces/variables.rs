//! The `OTEL_*` variables that the SDK leaves to the program.

use opentelemetry_sdk::trace::Sampler;

use super::sampler::Together;

/// The settings for traces. An empty variable counts as unset, as OpenTelemetry requires.
#[derive(Debug)]
pub(super) struct Variables {
    pub(super) exporter: Exporter,
    pub(super) sampler: Together,
    /// Whether W3C Trace Context is read and written.
    pub(super) trace_context: bool,
    /// Whether a variable names the service.
    pub(super) names_service: bool,
    /// Warnings about values that this program does not support.
    pub(super) warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exporter {
    Off,
    /// `named`: a variable contains the endpoint.
    Otlp {
        named: bool,
    },
    Console,
}

impl Variables {
    pub(super) fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| lookup(name).filter(|text| !text.trim().is_empty());
        let mut warnings = Vec::new();
        let exporter = exporter(&get, &mut warnings);
        let sampler = sampler(&get, &mut warnings);
        let trace_context = trace_context(&get, &mut warnings);
        elsewhere(&get, &mut warnings);
        on_the_wire(&get, &mut warnings);
        let attributes = get("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let in_attributes = attributes.split(',').any(|a| a.trim().starts_with("service.name="));
        let names_service = get("OTEL_SERVICE_NAME").is_some() || in_attributes;
        Self { exporter, sampler, trace_context, names_service, warnings }
    }
}

fn exporter(get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Exporter {
    if get("OTEL_SDK_DISABLED").is_some_and(|text| text.trim().eq_ignore_ascii_case("true")) {
        return Exporter::Off;
    }
    let endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let named = endpoints.iter().any(|name| get(name).is_some());
    match get("OTEL_TRACES_EXPORTER").as_deref().map(str::trim) {
        None | Some("otlp") => Exporter::Otlp { named },
        Some("console") => Exporter::Console,
        Some("none") => Exporter::Off,
        Some(other) => {
            warnings.push(format!("OTEL_TRACES_EXPORTER={other}: otlp, console or none"));
            Exporter::Off
        }
    }
}

fn sampler(get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Together {
    let name = get("OTEL_TRACES_SAMPLER");
    let name = name.as_deref().map_or("parentbased_always_on", str::trim);
    let ratio = get("OTEL_TRACES_SAMPLER_ARG");
    let ratio = || {
        ratio
            .as_deref()
            .and_then(|text| text.trim().parse().ok())
            .filter(|n| (0.0..=1.0).contains(n))
    };
    let (follows, root) = match name.strip_prefix("parentbased_") {
        Some(root) => (true, root),
        None => (false, name),
    };
    let root = match root {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => match ratio() {
            Some(ratio) => Sampler::TraceIdRatioBased(ratio),
            None => {
                warnings.push("OTEL_TRACES_SAMPLER_ARG is not a ratio: all is sampled".to_owned());
                Sampler::AlwaysOn
            }
        },
        _ => {
            warnings.push(format!("OTEL_TRACES_SAMPLER={name} is unknown: all is sampled"));
            Sampler::AlwaysOn
        }
    };
    Together { root, follows }
}

fn trace_context(get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> bool {
    let Some(text) = get("OTEL_PROPAGATORS") else {
        return true;
    };
    let names: Vec<_> = text.split(',').map(str::trim).collect();
    for name in &names {
        // Baggage is not changed: nothing here reads or adds any.
        if !["tracecontext", "baggage", "none"].contains(name) {
            warnings.push(format!("OTEL_PROPAGATORS: {name} is not spoken here"));
        }
    }
    names.contains(&"tracecontext")
}

/// Metrics and logs are not exported over OTLP.
fn elsewhere(get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) {
    let ways = [
        ("OTEL_METRICS_EXPORTER", "prometheus", "metrics are scraped at admin.listen"),
        ("OTEL_LOGS_EXPORTER", "console", "the log is on stderr"),
    ];
    for (name, ours, way) in ways {
        if let Some(other) = get(name).filter(|text| ![ours, "none"].contains(&text.trim())) {
            warnings.push(format!("{name}={other}: {way}"));
        }
    }
}

/// The variables for traces win over those for all signals.
fn on_the_wire(get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) {
    let ways = [
        ("PROTOCOL", "http/protobuf", "spans are sent as http/protobuf"),
        ("COMPRESSION", "none", "spans are sent uncompressed"),
    ];
    for (what, ours, way) in ways {
        let names = ["TRACES_", ""].map(|signal| format!("OTEL_EXPORTER_OTLP_{signal}{what}"));
        let set = names.iter().find_map(|name| Some((name, get(name)?)));
        if let Some((name, other)) = set.filter(|(_, text)| text.trim() != ours) {
            warnings.push(format!("{name}={other}: {way}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Variables {
        let find = |name: &str| pairs.iter().find(|(n, _)| *n == name);
        Variables::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn without_variables_the_configuration_has_the_endpoint() {
        let read = read(&[("OTEL_TRACES_EXPORTER", " "), ("OTEL_SDK_DISABLED", "")]);
        assert_eq!(read.exporter, Exporter::Otlp { named: false });
        assert!(read.trace_context && read.sampler.follows && !read.names_service);
        assert!(read.warnings.is_empty());
    }

    #[test]
    fn each_variable_has_its_effect() {
        let exporter = |name, value| read(&[(name, value)]).exporter;
        assert_eq!(exporter("OTEL_SDK_DISABLED", "TRUE"), Exporter::Off);
        assert_eq!(exporter("OTEL_TRACES_EXPORTER", "none"), Exporter::Off);
        assert_eq!(exporter("OTEL_TRACES_EXPORTER", "console"), Exporter::Console);
        for name in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
            assert_eq!(exporter(name, "http://c:4318"), Exporter::Otlp { named: true });
        }
        assert!(!read(&[("OTEL_PROPAGATORS", "none")]).trace_context);
        assert!(read(&[("OTEL_PROPAGATORS", "baggage, tracecontext")]).trace_context);
        assert!(read(&[("OTEL_SERVICE_NAME", "x")]).names_service);
        assert!(read(&[("OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=x")]).names_service);
        let ratio = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.1")];
        let sampler = read(&ratio).sampler;
        assert!(matches!(sampler.root, Sampler::TraceIdRatioBased(r) if r == 0.1));
        assert!(!sampler.follows);
    }

    #[test]
    fn what_is_not_supported_is_a_warning() {
        for (name, value) in [
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_PROPAGATORS", "b3"),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
        ] {
            assert_eq!(read(&[(name, value)]).warnings.len(), 1, "{name}={value}");
        }
        for name in ["OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"] {
            assert!(read(&[(name, "none")]).warnings.is_empty());
        }
        let both = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ];
        assert!(read(&both).warnings.is_empty());
    }
}
