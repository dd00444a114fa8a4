//! W3C Trace Context, as far as a log line needs it.

use crate::Record;

/// The trace that a `traceparent` names: 32 hexadecimal digits. `None` where it names none.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    let (version, rest) = traceparent.split_once('-')?;
    let (id, _) = rest.split_once('-')?;
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let known = version.len() == 2 && is_hex(version) && version != "ff";
    let named = id.len() == 32 && is_hex(id) && id.bytes().any(|b| b != b'0');
    (known && named).then_some(id)
}

impl Record {
    /// The producer's trace.
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref().and_then(trace_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
