use job::{Lane, OverflowQueue, RetryDelay, WebhookDelay};
use spans::Place;

/// A place on the broker, for traces.
pub(crate) fn place<'a>(exchange: &'a str, routing_key: &'a str, queue: &'a str) -> Place<'a> {
    Place { system: "rabbitmq", exchange, routing_key, queue }
}

/// The names of exchanges and queues.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    namespace: String,
}

impl Names {
    pub(crate) fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned() }
    }

    pub(crate) fn jobs(&self) -> String {
        self.of("jobs")
    }

    pub(crate) fn lane(&self, lane: Lane) -> String {
        format!("{}.jobs.{lane}", self.namespace)
    }

    /// The exchange. A message's key there is [`overflow_key`].
    pub(crate) fn overflow(&self) -> String {
        self.of("overflow")
    }

    pub(crate) fn overflow_queue(&self, queue: OverflowQueue) -> String {
        format!("{}.overflow.{queue}", self.namespace)
    }

    /// Exchange and queue alike.
    pub(crate) fn later(&self, delay: RetryDelay) -> String {
        format!("{}.later.{}", self.namespace, delay.as_str())
    }

    /// Exchange and queue alike.
    pub(crate) fn dead(&self) -> String {
        self.of("dead")
    }

    /// Exchange and queue alike.
    pub(crate) fn broker_dead(&self) -> String {
        self.of("broker-dead")
    }

    pub(crate) fn results(&self) -> String {
        self.of("results")
    }

    pub(crate) fn subscription(&self, name: &str) -> String {
        format!("{}.results.{name}", self.namespace)
    }

    /// Exchange and queue alike.
    pub(crate) fn unrouted(&self) -> String {
        self.of("unrouted")
    }

    /// Exchange and queue alike.
    pub(crate) fn webhooks(&self) -> String {
        self.of("webhooks")
    }

    /// Exchange and queue alike.
    pub(crate) fn webhooks_later(&self, delay: WebhookDelay) -> String {
        format!("{}.webhooks.later.{}", self.namespace, delay.as_str())
    }

    pub(crate) fn journal(&self) -> String {
        self.of("journal")
    }

    fn of(&self, thing: &str) -> String {
        format!("{}.{thing}", self.namespace)
    }
}

/// The queue's number, then the key in the lane.
pub(crate) fn overflow_key(queue: OverflowQueue, routing_key: &str) -> String {
    format!("{}.{routing_key}", queue.number)
}

/// The key in the lane, of a key there or in the overflow exchange: no operation begins with a number.
pub(crate) fn lane_key(key: &str) -> &str {
    match key.split_once('.') {
        Some((number, rest)) if number.parse::<u8>().is_ok() => rest,
        Some(_) | None => key,
    }
}

/// The pattern that binds an overflow queue.
pub(crate) fn overflow_binding(queue: OverflowQueue) -> String {
    format!("{}.{}.#", queue.number, queue.resource)
}
