use std::collections::BTreeMap;

use bytes::Bytes;
use job::{EventKind, Reached, Timestamp};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use ports::{MOST_HEADER_BYTES, Message, PublishError, header};

use crate::counts::{self, Counts};
use crate::error::short;

/// AMQP delivery mode: written to disk, also after dead-lettering.
const PERSISTENT: u8 = 2;

/// The app id of events.
const PROGRAM: &str = "reelwork";

const MOST_SHORT_BYTES: usize = 255;

/// RabbitMQ reads these as lists of further routing keys; a string value ends the channel.
const SENDER_SELECTED: [&str; 2] = ["CC", "BCC"];

const STREAM_OFFSET: &str = "x-stream-offset";
const DEATHS: &str = "x-death";
/// In the name of every delay queue. A job leaves it by being dead-lettered.
const DELAY: &str = ".later.";

/// Headers that the broker writes. In a published copy they would describe another message.
const BROKERS_OWN: [&str; 10] = [
    counts::DELIVERY,
    counts::ACQUIRED,
    STREAM_OFFSET,
    DEATHS,
    "x-first-death-reason",
    "x-first-death-queue",
    "x-first-death-exchange",
    "x-last-death-reason",
    "x-last-death-queue",
    "x-last-death-exchange",
];

/// Encodes a message; AMQP's own timestamp counts seconds.
pub(crate) fn encode(message: &Message) -> Result<BasicProperties, PublishError> {
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(property(&message.id)?)
        .with_content_type(property(&message.content_type)?)
        .with_headers(headers(message)?);
    if let Some(kind) = &message.kind {
        properties = properties.with_type(property(kind)?);
    }
    if message.kind.as_deref().and_then(EventKind::of_type).is_some() {
        properties = properties.with_app_id(PROGRAM.into());
    }
    if let Some(id) = &message.correlation_id {
        properties = properties.with_correlation_id(property(id)?);
    }
    let seconds = message.timestamp.map(|at| at.as_millis().div_euclid(1000));
    if let Some(seconds) = seconds.and_then(|seconds| u64::try_from(seconds).ok()) {
        properties = properties.with_timestamp(seconds);
    }
    Ok(properties)
}

fn headers(message: &Message) -> Result<FieldTable, PublishError> {
    let bytes = message.header_bytes();
    if bytes > MOST_HEADER_BYTES {
        return Err(PublishError::TooLarge { bytes, most: MOST_HEADER_BYTES });
    }
    let mut table = FieldTable::default();
    for (name, value) in &message.headers {
        let name = name.as_str();
        if !SENDER_SELECTED.contains(&name) && !BROKERS_OWN.contains(&name) {
            table.insert(property(name)?, AMQPValue::LongString(value.as_str().into()));
        }
    }
    Ok(table)
}

fn property(text: &str) -> Result<ShortString, PublishError> {
    short(text).ok_or(PublishError::TooLarge { bytes: text.len(), most: MOST_SHORT_BYTES })
}

/// Our headers on a message that we put into the dead letters.
const REASONS: [&str; 4] = [header::REASON, header::DETAIL, header::ROUTING_KEY, header::DEAD_AT];

/// A received message, with what the broker added to it.
pub(crate) struct Arrived {
    pub(crate) message: Message,
    pub(crate) counts: Counts,
    pub(crate) offset: Option<u64>,
}

/// `dead`: from the dead letters; what the broker put there gets the broker's reason, not ours.
pub(crate) fn decode(properties: &BasicProperties, body: Vec<u8>, dead: bool) -> Arrived {
    let text = |value: &Option<ShortString>| value.as_ref().map(ToString::to_string);
    let table = properties.headers().as_ref();
    let millis = |seconds: u64| i64::try_from(seconds).ok()?.checked_mul(1000);
    let mut message = Message {
        id: text(properties.message_id()).unwrap_or_default(),
        content_type: text(properties.content_type()).unwrap_or_default(),
        kind: text(properties.kind()),
        correlation_id: text(properties.correlation_id()),
        timestamp: properties.timestamp().and_then(millis).map(Timestamp::from_millis),
        headers: table.map(own_headers).unwrap_or_default(),
        body: Bytes::from(body),
    };
    // Our dead letters have no x-death: with one, our reason headers were copied by a producer.
    let deaths = table.filter(|_| dead).map(deaths).unwrap_or_default();
    if !deaths.is_empty() {
        message.headers.retain(|name, _| !REASONS.contains(&name.as_str()));
        message.headers.extend(deaths);
    }
    if !dead && table.is_some_and(died_in_a_lane) {
        message = message.header(header::REACHED, Reached::Provider.word());
    }
    let counts = Counts {
        delivery: number(table, counts::DELIVERY),
        acquired: number(table, counts::ACQUIRED),
    };
    Arrived { message, counts, offset: number(table, STREAM_OFFSET) }
}

/// Another tool has moved it back to a lane: it may have been sent before it was dead-lettered.
fn died_in_a_lane(table: &FieldTable) -> bool {
    let Some(AMQPValue::FieldArray(entries)) = table.inner().get(DEATHS) else {
        return false;
    };
    let queue = |entry: &AMQPValue| match entry {
        AMQPValue::FieldTable(death) => death.inner().get("queue").and_then(plain),
        _ => None,
    };
    entries.as_slice().iter().filter_map(queue).any(|queue| !queue.contains(DELAY))
}

fn own_headers(table: &FieldTable) -> BTreeMap<String, String> {
    table
        .into_iter()
        .filter(|(name, _)| !BROKERS_OWN.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.to_string(), plain(value)?)))
        .collect()
}

/// Why and where the broker dead-lettered it. The first time is in its headers. RabbitMQ 3 has the
/// last time only in the table `x-death`: a header about it came from the producer.
fn deaths(table: &FieldTable) -> BTreeMap<String, String> {
    let fields = table.inner();
    let Some(AMQPValue::FieldArray(entries)) = fields.get(DEATHS) else {
        return BTreeMap::new();
    };
    let told = BROKERS_OWN.iter().filter(|name| name.contains("-death-"));
    let mut deaths: BTreeMap<_, _> =
        told.filter_map(|name| Some(((*name).to_owned(), plain(fields.get(*name)?)?))).collect();
    if let Some(AMQPValue::FieldTable(latest)) = entries.as_slice().first() {
        for part in ["reason", "queue"] {
            if let Some(value) = latest.inner().get(part).and_then(plain) {
                deaths.insert(format!("x-last-death-{part}"), value);
            }
        }
    }
    deaths
}

/// Strings, whole numbers and booleans; other values have no single plain form.
fn plain(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        AMQPValue::Boolean(truth) => Some(truth.to_string()),
        _ => whole(value).map(|number| number.to_string()),
    }
}

fn whole(value: &AMQPValue) -> Option<i64> {
    match *value {
        AMQPValue::ShortShortInt(n) => Some(n.into()),
        AMQPValue::ShortShortUInt(n) => Some(n.into()),
        AMQPValue::ShortInt(n) => Some(n.into()),
        AMQPValue::ShortUInt(n) => Some(n.into()),
        AMQPValue::LongInt(n) => Some(n.into()),
        AMQPValue::LongUInt(n) => Some(n.into()),
        AMQPValue::LongLongInt(n) => Some(n),
        _ => None,
    }
}

fn number(table: Option<&FieldTable>, name: &str) -> Option<u64> {
    let value = table?.inner().get(name)?;
    u64::try_from(whole(value)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapin::types::FieldArray;

    fn text(text: &str) -> AMQPValue {
        AMQPValue::LongString(text.into())
    }

    fn table(fields: &[(&str, AMQPValue)]) -> FieldTable {
        let mut table = FieldTable::default();
        for (name, value) in fields {
            table.insert((*name).into(), value.clone());
        }
        table
    }

    fn arrived(fields: &[(&str, AMQPValue)], dead: bool) -> Arrived {
        let properties = BasicProperties::default().with_headers(table(fields));
        decode(&properties, Vec::new(), dead)
    }

    fn died(reason: &str, queue: &str) -> AMQPValue {
        AMQPValue::FieldTable(table(&[("reason", text(reason)), ("queue", text(queue))]))
    }

    #[test]
    fn a_message_is_written_and_read_back() {
        let mut message = Message::json("№ 1", "{}").header("a", "ä");
        message.kind = Some("kind".to_owned());
        message.correlation_id = Some("job".to_owned());
        message.timestamp = Some(Timestamp::from_millis(1_700_000_000_999));
        let properties = encode(&message).unwrap();
        assert_eq!(*properties.delivery_mode(), Some(2));
        let back = decode(&properties, b"{}".to_vec(), false).message;
        message.timestamp = Some(Timestamp::from_millis(1_700_000_000_000));
        assert_eq!(back, message);
    }

    #[test]
    fn simple_headers_become_strings_and_others_are_dropped() {
        let fields = [
            ("byte", AMQPValue::ShortShortInt(-3)),
            ("int", AMQPValue::LongInt(42)),
            ("long", AMQPValue::LongLongInt(1_700_000_000_123)),
            ("truth", AMQPValue::Boolean(true)),
            ("table", AMQPValue::FieldTable(FieldTable::default())),
            ("list", AMQPValue::FieldArray(FieldArray::default())),
            ("nothing", AMQPValue::Void),
        ];
        let headers = arrived(&fields, false).message.headers;
        let read: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let expected =
            [("byte", "-3"), ("int", "42"), ("long", "1700000000123"), ("truth", "true")];
        assert_eq!(read, expected);
    }

    #[test]
    fn counts_of_the_broker_are_read_and_not_published() {
        let fields = [
            ("x-delivery-count", AMQPValue::LongLongInt(3)),
            ("x-stream-offset", AMQPValue::LongLongInt(17)),
            ("x-first-death-reason", text("expired")),
        ];
        let arrived = arrived(&fields, false);
        assert_eq!(crate::counts::Counting::default().deliveries(true, arrived.counts), 3);
        assert_eq!(arrived.offset, Some(17));
        assert!(arrived.message.headers.is_empty());
    }

    #[test]
    fn a_letter_that_the_broker_wrote_keeps_its_reasons() {
        let deaths = vec![died("delivery_limit", "ns.jobs.videos.normal"), died("expired", "l")];
        let fields = vec![
            ("x-death", AMQPValue::FieldArray(deaths.into())),
            ("x-first-death-reason", text("expired")),
            ("x-first-death-queue", text("ns.later.1s")),
        ];
        let letter = arrived(&fields, true).message;
        for (name, value) in [
            ("x-first-death-reason", "expired"),
            ("x-first-death-queue", "ns.later.1s"),
            ("x-last-death-reason", "delivery_limit"),
            ("x-last-death-queue", "ns.jobs.videos.normal"),
        ] {
            assert_eq!(letter.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn headers_copied_by_a_producer_are_no_reason() {
        let deaths = vec![died("expired", "ns.jobs.videos.normal")];
        let fields = [
            ("x-death", AMQPValue::FieldArray(deaths.into())),
            ("x-last-death-reason", text("delivery_limit")),
            (header::REASON, text("not_json")),
            (header::ROUTING_KEY, text("elsewhere")),
        ];
        let letter = arrived(&fields, true).message;
        assert_eq!(letter.get(header::DEATH), Some("expired"));
        assert_eq!((letter.get(header::REASON), letter.get(header::ROUTING_KEY)), (None, None));
        let ours = arrived(&[(header::REASON, text("not_json"))], true).message;
        assert_eq!(ours.get(header::REASON), Some("not_json"));
    }

    #[test]
    fn a_letter_that_was_moved_back_may_have_been_sent() {
        let reached = |queue: &str| {
            let deaths = vec![died("expired", "ns.later.1s"), died("expired", queue)];
            let fields = [("x-death", AMQPValue::FieldArray(deaths.into()))];
            arrived(&fields, false).message.reached()
        };
        assert_eq!(reached("ns.jobs.videos.normal"), Reached::Provider);
        assert_eq!(reached("ns.later.30s"), Reached::Nothing, "it has only waited");
    }

    #[test]
    fn what_would_end_the_connection_is_refused_here() {
        let large = Message::json("a", "").header("x", "y".repeat(MOST_HEADER_BYTES));
        let long = Message::json("a".repeat(256), "");
        let name = Message::json("a", "").header(&"n".repeat(256), "");
        for message in [large, long, name] {
            assert!(matches!(encode(&message), Err(PublishError::TooLarge { .. })));
        }
        let copies = encode(&Message::json("a", "").header("CC", "elsewhere")).unwrap();
        assert!(!copies.headers().as_ref().unwrap().contains_key("CC"));
        let copy = Message::json("a", "").header("x-last-death-reason", "expired");
        assert!(encode(&copy).unwrap().headers().as_ref().unwrap().inner().is_empty());
    }
}
