//! The two content modes of CloudEvents. Within this program an event is always structured; the
//! mode only concerns the published message.

use std::collections::BTreeMap;

use ports::Message;
use serde_json::value::{RawValue, to_raw_value};

/// How events are published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// The body is the whole event.
    #[default]
    Structured,
    /// The body is the event's data; each attribute is a header under this prefix.
    Binary { prefix: String },
}

/// The content type of structured events begins with this; all other events are binary.
const STRUCTURED: &str = "application/cloudevents";
const STRUCTURED_JSON: &str = "application/cloudevents+json";

/// CloudEvents has no binding to AMQP 0-9-1: other programs use these prefixes.
const PREFIXES: [&str; 3] = ["cloudEvents_", "cloudEvents:", "ce-"];

impl Content {
    /// The form in which an event is published; other messages are not changed.
    pub(crate) fn of_event(&self, message: Message) -> Message {
        match self {
            Self::Binary { prefix } if message.content_type.starts_with(STRUCTURED) => {
                binary(prefix, &message).unwrap_or(message)
            }
            Self::Binary { .. } | Self::Structured => message,
        }
    }
}

fn binary(prefix: &str, message: &Message) -> Option<Message> {
    // As raw text: a number in it may have more digits than a double.
    let mut event: Parts = serde_json::from_slice(&message.body).ok()?;
    let body = event.remove("data")?.get().as_bytes().to_vec().into();
    let content_type = text(&event.remove("datacontenttype")?);
    let mut message = Message { content_type, body, ..message.clone() };
    for (attribute, value) in event {
        message.headers.insert(format!("{prefix}{attribute}"), text(&value));
    }
    Some(message)
}

/// An event's attributes and its data.
type Parts = BTreeMap<String, Box<RawValue>>;

/// A string without its quotes, anything else as it is.
fn text(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// Makes an event of either mode, with any known prefix, a structured one.
pub(crate) fn structured(message: Message) -> Message {
    let named = |prefix: &&str| message.headers.contains_key(&format!("{prefix}specversion"));
    let prefix = PREFIXES.into_iter().find(named);
    match prefix.filter(|_| !message.content_type.starts_with(STRUCTURED)) {
        Some(prefix) => whole(prefix, &message).unwrap_or(message),
        None => message,
    }
}

fn whole(prefix: &str, message: &Message) -> Option<Message> {
    let data: Box<RawValue> = serde_json::from_slice(&message.body).ok()?;
    let mut event = Parts::from_iter([("data".to_owned(), data)]);
    event.insert("datacontenttype".to_owned(), to_raw_value(&message.content_type).ok()?);
    let mut headers = message.headers.clone();
    headers.retain(|name, value| match name.strip_prefix(prefix) {
        Some(attribute) => {
            event.extend(to_raw_value(value).ok().map(|text| (attribute.to_owned(), text)));
            false
        }
        None => true,
    });
    let body = serde_json::to_vec(&event).ok()?.into();
    let content_type = STRUCTURED_JSON.to_owned();
    Some(Message { content_type, body, headers, ..message.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event() -> Value {
        json!({
            "specversion": "1.0", "id": "e1", "source": "https://h/i", "type": "dev.reelwork.x.v1",
            "subject": "job", "time": "2026-12-01T12:00:00Z", "datacontenttype": "application/json",
            "traceparent": "00-a-b-01", "data": {"job_id": "job", "prompt": "ä \"q\""},
        })
    }

    fn message() -> Message {
        let mut message = Message::json("e1", event().to_string());
        message.content_type = STRUCTURED_JSON.to_owned();
        message.kind = Some("dev.reelwork.x.v1".to_owned());
        message.header("traceparent", "00-c-d-01")
    }

    fn body(message: &Message) -> Value {
        serde_json::from_slice(&message.body).unwrap()
    }

    #[test]
    fn numbers_keep_their_digits_in_both_directions() {
        let data = r#"{"metadata":{"a":12345678901234567890123,"b":1.10,"c":1e400}}"#;
        let mut message = message();
        let text = String::from_utf8(message.body.to_vec()).unwrap();
        message.body = text.replace(&event()["data"].to_string(), data).into();
        let sent = Content::Binary { prefix: "ce-".to_owned() }.of_event(message);
        assert_eq!(sent.body, data);
        let read = structured(sent);
        assert!(String::from_utf8(read.body.to_vec()).unwrap().contains(data));
    }

    #[test]
    fn binary_is_the_data_with_attributes_as_headers() {
        let content = Content::Binary { prefix: "ce-".to_owned() };
        let sent = content.of_event(message());
        assert_eq!(sent.content_type, "application/json");
        assert_eq!(body(&sent), event()["data"]);
        let header = |name: &str| sent.get(name).unwrap_or("missing");
        assert_eq!((header("ce-id"), header("ce-specversion")), ("e1", "1.0"));
        assert_eq!(header("ce-traceparent"), "00-a-b-01", "the producer's");
        assert_eq!(header("traceparent"), "00-c-d-01", "the hop's own stays");
        assert!(sent.get("ce-datacontenttype").is_none() && sent.get("ce-data").is_none());
    }

    #[test]
    fn each_mode_and_prefix_reads_back_as_the_same_event() {
        for prefix in PREFIXES {
            let content = Content::Binary { prefix: prefix.to_owned() };
            let read = structured(content.of_event(message()));
            assert_eq!(body(&read), event(), "{prefix}");
            assert_eq!(
                (read.content_type, read.headers),
                (STRUCTURED_JSON.into(), message().headers)
            );
        }
        assert_eq!(structured(Content::Structured.of_event(message())), message());
    }

    #[test]
    fn what_is_no_event_stays_as_it_is() {
        let content = Content::Binary { prefix: "ce-".to_owned() };
        let mut broken = message();
        broken.body = "{".into();
        for other in [Message::json("j", "{\"operation\":1}"), broken] {
            assert_eq!(content.of_event(other.clone()), other);
            assert_eq!(structured(other.clone()), other);
        }
    }
}
