use std::collections::BTreeMap;

use bytes::Bytes;
use job::{Life, OverflowQueue, Reached, RetryDelay, Timestamp, TraceContext, WebhookDelay};
use serde::{Deserialize, Serialize};

/// Where a message goes. Each broker maps it to its own names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Destination {
    /// The lane that the key binds to; a key that no lane binds is [`Unroutable`].
    ///
    /// [`Unroutable`]: crate::PublishError::Unroutable
    Jobs { routing_key: String },
    /// Back to its lane under the same key after this delay.
    Later { delay: RetryDelay, routing_key: String },
    /// Kept in order until the ledger has a place for it, with the key it came under.
    Overflow { queue: OverflowQueue, routing_key: String },
    /// Kept for an operator, with the key it came under.
    Dead { routing_key: String },
    /// To all subscribers; kept as unrouted if there are none.
    Results { routing_key: String },
    /// Calls of clients' URLs that are due, at once or after this delay.
    Webhooks { after: Option<WebhookDelay> },
    /// The append-only log from which a ledger can be rebuilt.
    Journal,
}

/// Names of the headers that we write. Values are flat strings: RabbitMQ 4 drops tables and arrays.
pub mod header {
    /// The prefix of all names but those of a standard or of the broker.
    pub const OURS: &str = "x-reelwork-";
    /// Unix milliseconds of the producer's publish; AMQP's own timestamp counts seconds.
    pub const ENQUEUED_AT: &str = "x-reelwork-enqueued-at";
    /// How often the message was put back for later; `x-death` is not counted.
    pub const RETRIES: &str = "x-reelwork-retries";
    /// How far the job may have come with a delivery of this message: a word of [`Reached`].
    ///
    /// [`Reached`]: job::Reached
    pub const REACHED: &str = "x-reelwork-reached";
    /// The intent to submit this job that was perhaps written and surely not sent.
    pub const UNSENT: &str = "x-reelwork-unsent";
    /// The life of the record for which the message is published again.
    pub const LIFE: &str = "x-reelwork-life";
    /// Why a message is dead: a stable word, and a sentence for operators.
    pub const REASON: &str = "x-reelwork-reason";
    pub const DETAIL: &str = "x-reelwork-detail";
    /// The key a dead message came under.
    pub const ROUTING_KEY: &str = "x-reelwork-routing-key";
    /// Names of headers that were left out because they did not fit.
    pub const DROPPED: &str = "x-reelwork-dropped-headers";
    /// Unix milliseconds.
    pub const DEAD_AT: &str = "x-reelwork-dead-at";
    /// The broker's own last reason for a dead letter, where we gave none.
    pub const DEATH: &str = "x-last-death-reason";
    pub const TENANT: &str = "x-reelwork-tenant";
    pub const JOB_ID: &str = "x-reelwork-job-id";
    pub const TRACEPARENT: &str = "traceparent";
    pub const TRACESTATE: &str = "tracestate";
}

/// A message: always persistent, always confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// AMQP `message_id`: equal for repeats of one publish.
    pub id: String,
    pub content_type: String,
    /// AMQP `type`; the event type on results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// AMQP `correlation_id`; the job id on results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// `None` when the publisher set no `timestamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
}

impl Message {
    pub fn json(id: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            id: id.into(),
            content_type: "application/json".to_owned(),
            kind: None,
            correlation_id: None,
            timestamp: None,
            headers: BTreeMap::new(),
            body: body.into(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A header that holds a whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// The life of a record of this message; `None` if the message has neither life nor publish
    /// time.
    pub fn life(&self) -> Option<Life> {
        let again = self.get(header::LIFE).and_then(Life::parse);
        again.or_else(|| self.enqueued_at().map(Life::of_message))
    }

    /// When the producer published it, as far as the message shows: the time need not be
    /// [`plausible`](Timestamp::plausible).
    pub fn enqueued_at(&self) -> Option<Timestamp> {
        self.number(header::ENQUEUED_AT).map(Timestamp::from_millis).or(self.timestamp)
    }

    /// How far the job had come when this was put back.
    pub fn reached(&self) -> Reached {
        Reached::of_word(self.get(header::REACHED))
    }

    /// The producer's trace, as far as it may be passed on.
    pub fn trace_context(&self) -> TraceContext {
        TraceContext::read(self.get(header::TRACEPARENT), self.get(header::TRACESTATE))
    }

    /// How often it was put back for later.
    pub fn retries(&self) -> u32 {
        self.number(header::RETRIES).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
    }
}
