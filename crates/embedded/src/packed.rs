use std::collections::BTreeMap;

use bytes::Bytes;
use job::Timestamp;
use ports::Message;
use serde::{Deserialize, Serialize};

/// A message as two columns: properties as JSON, and the body as it is.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) props: String,
    pub(crate) body: Bytes,
}

#[derive(Default, Serialize, Deserialize)]
struct Props {
    id: String,
    content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
}

impl Packed {
    pub(crate) fn of(message: Message) -> Self {
        let props = Props {
            id: message.id,
            content_type: message.content_type,
            kind: message.kind,
            correlation_id: message.correlation_id,
            timestamp: message.timestamp,
            headers: message.headers,
        };
        Self { props: serde_json::to_string(&props).unwrap_or_default(), body: message.body }
    }

    /// The body stays readable if the properties are damaged: its consumer decides what it is.
    pub(crate) fn open(self) -> Message {
        let props: Props = serde_json::from_str(&self.props).unwrap_or_else(|error| {
            tracing::error!(%error, "a stored message's properties cannot be read");
            Props::default()
        });
        Message {
            id: props.id,
            content_type: props.content_type,
            kind: props.kind,
            correlation_id: props.correlation_id,
            timestamp: props.timestamp,
            headers: props.headers,
            body: self.body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_out_as_it_went_in() {
        let mut message = Message::json("ü-1", vec![0u8, 255, 10]).header("x", "naïve\n");
        message.kind = Some("k".to_owned());
        message.correlation_id = Some("c".to_owned());
        message.timestamp = Some(Timestamp::from_millis(1_234));
        assert_eq!(Packed::of(message.clone()).open(), message);
    }

    #[test]
    fn a_damaged_message_keeps_its_body() {
        let packed = Packed { props: "{".to_owned(), body: Bytes::from_static(b"{}") };
        assert_eq!(packed.open().body, Bytes::from_static(b"{}"));
    }
}
