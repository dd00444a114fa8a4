//! W3C Trace Context: what is passed on with a job, and the trace id for logs.

use crate::Record;

/// The trace id in a `traceparent`: 32 hexadecimal digits. `None` if it is not valid.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    let (version, rest) = traceparent.split_once('-')?;
    let (id, _) = rest.split_once('-')?;
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let known = version.len() == 2 && is_hex(version) && version != "ff";
    let named = id.len() == 32 && is_hex(id) && id.bytes().any(|b| b != b'0');
    (known && named).then_some(id)
}

/// Longer values need not be passed on (W3C Trace Context, 3.3.1.5).
const MOST_TRACESTATE_BYTES: usize = 512;
const MOST_TRACESTATE_MEMBERS: usize = 32;
/// The present version has 55; a later one may have more.
const MOST_TRACEPARENT_BYTES: usize = 128;

/// A producer's trace context, valid and within the limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    pub traceparent: Option<String>,
    pub tracestate: Option<String>,
}

impl TraceContext {
    /// Leaves out what is malformed or too long; a `tracestate` needs a valid `traceparent`.
    pub fn read(traceparent: Option<&str>, tracestate: Option<&str>) -> Self {
        let traceparent = traceparent.filter(|text| is_traceparent(text));
        let tracestate = tracestate.filter(|text| traceparent.is_some() && is_tracestate(text));
        Self {
            traceparent: traceparent.map(str::to_owned),
            tracestate: tracestate.map(str::to_owned),
        }
    }
}

fn is_traceparent(text: &str) -> bool {
    text.len() <= MOST_TRACEPARENT_BYTES && trace_id(text).is_some()
}

fn is_tracestate(text: &str) -> bool {
    let printable = text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let members = || text.split(',').map(str::trim).filter(|member| !member.is_empty());
    let named = |member: &str| member.split_once('=').is_some_and(|(key, _)| !key.is_empty());
    printable
        && text.len() <= MOST_TRACESTATE_BYTES
        && (1..=MOST_TRACESTATE_MEMBERS).contains(&members().count())
        && members().all(named)
}

impl Record {
    /// The producer's trace. Checked again: an older version stored more than may be passed on.
    pub fn trace_context(&self) -> TraceContext {
        TraceContext::read(self.traceparent.as_deref(), self.tracestate.as_deref())
    }

    /// The producer's trace id.
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref().and_then(trace_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_carried() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let (long, many) = (format!("a={}", "x".repeat(511)), vec!["a=1"; 33].join(","));
        for (state, carried) in [
            ("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", true),
            ("a=1, ,b=2", true),
            ("", false),
            ("no-value", false),
            ("a=ä", false),
            ("a=1\n", false),
            (long.as_str(), false),
            (many.as_str(), false),
        ] {
            let read = TraceContext::read(Some(parent), Some(state));
            assert_eq!(read.traceparent.as_deref(), Some(parent));
            assert_eq!(read.tracestate.is_some(), carried, "{state}");
            let alone = TraceContext::read(Some("nonsense"), Some(state));
            assert_eq!(alone, TraceContext::default());
        }
        let long = format!("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-{long}");
        assert_eq!(TraceContext::read(Some(&long), None), TraceContext::default());
    }

    #[test]
    fn only_a_whole_traceparent_names_a_trace() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let whole = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(trace_id(&whole), Some(id));
        assert_eq!(trace_id(&format!("01-{id}-00f067aa0ba902b7-01-more")), Some(id), "a later one");
        let none = "0".repeat(32);
        for text in [
            "",
            "00",
            "00-",
            id,
            &format!("00-{id}"),
            &format!("ff-{id}-x-01"),
            &format!("00-{none}-00f067aa0ba902b7-01"),
            &whole.to_uppercase(),
            &whole[1..],
        ] {
            assert_eq!(trace_id(text), None, "{text}");
        }
    }
}
