//! The topology as data: what must exist on the broker, and what does exist.

mod arguments;
mod definitions;
mod erase;
mod journal;
mod leader;
mod management;
mod members;
mod permission;
mod policy;
mod probe;
mod quorum;

use std::time::Duration;

use job::{Death, Lane, OverflowQueue, RetryDelay, WebhookDelay};

pub use arguments::{Argument, Arguments};
pub use permission::Forbidden;
pub use policy::Risk;
pub use probe::{Finding, Found};

pub(crate) use probe::{apply, bind, declare_queue, inspect, look, verdict};

use crate::names::{Names, overflow_binding};

/// The worker parks at 20 deliveries; the broker's limit only ends what no worker parks.
const LANE_DELIVERY_LIMIT: i64 = 1_000;

/// For queues that must not drop a message after many deliveries: RabbitMQ 4 drops after 20.
const NO_DELIVERY_LIMIT: i64 = 1_000_000;

/// Results without a subscription. Beyond this the oldest are dropped, because refusing would stop
/// the publishing of every other result; the journal still contains them.
const UNROUTED_MAX_LENGTH: i64 = 1_000_000;

/// Calls of clients' URLs that no gateway makes. Beyond this the oldest are dropped: refusing would stop
/// the publishing of outcomes.
const WEBHOOKS_MAX_LENGTH: i64 = 1_000_000;

/// Lines expire by whole segments: small ones, so that those of a quiet journal expire too.
const JOURNAL_SEGMENT_BYTES: i64 = 64_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeType {
    Topic,
    Fanout,
    Headers,
}

impl ExchangeType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Fanout => "fanout",
            Self::Headers => "headers",
        }
    }
}

/// A durable exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub name: String,
    pub kind: ExchangeType,
    pub arguments: Arguments,
    /// If it is missing and must not be declared, work continues without it.
    pub optional: bool,
}

/// A durable queue or stream, as its argument `x-queue-type` defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub name: String,
    pub arguments: Arguments,
    /// If it is missing and must not be declared, work continues without it.
    pub optional: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub exchange: String,
    pub to: Bound,
    pub routing_key: String,
    pub arguments: Arguments,
}

/// The target of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    Queue(String),
    Exchange(String),
}

impl Bound {
    pub fn name(&self) -> &str {
        match self {
            Self::Queue(name) | Self::Exchange(name) => name,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Exchange(_) => "exchange",
        }
    }
}

/// Everything that must exist on the broker before a job can be published. Named subscriptions to
/// results are declared by their subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// For [`definitions`](Self::definitions) only: a connection has its own.
    pub vhost: String,
    pub exchanges: Vec<Exchange>,
    pub queues: Vec<Queue>,
    pub bindings: Vec<Binding>,
}

impl Topology {
    pub fn of(namespace: &str, lane_max_length: u64, journal_max_age: Duration) -> Self {
        let names = Names::new(namespace);
        let mut topology = Self {
            vhost: "/".to_owned(),
            exchanges: Vec::new(),
            queues: Vec::new(),
            bindings: Vec::new(),
        };
        topology.dead(&names);
        topology.jobs(&names, lane_max_length);
        topology.overflow(&names, lane_max_length);
        topology.later(&names);
        topology.results(&names);
        topology.journal(&names, journal_max_age);
        topology.broker_dead(&names);
        topology.webhooks(&names);
        topology
    }

    /// No alternate exchange: it would hide unroutable jobs from mandatory publishing.
    fn jobs(&mut self, names: &Names, lane_max_length: u64) {
        self.exchange(names.jobs(), ExchangeType::Topic, Arguments::default());
        for lane in Lane::all() {
            let queue = names.lane(lane);
            let arguments = safe_dead_letters(Arguments::quorum(), names.dead())
                .int("x-max-length", i64::try_from(lane_max_length).unwrap_or(i64::MAX))
                .int("x-delivery-limit", LANE_DELIVERY_LIMIT);
            self.queue(queue.clone(), arguments);
            self.bind(names.jobs(), queue, lane.binding());
        }
    }

    /// A message may be given back very often: it waits at the head until its tenant has a place.
    fn overflow(&mut self, names: &Names, max_length: u64) {
        self.exchange(names.overflow(), ExchangeType::Topic, Arguments::default());
        for overflow in OverflowQueue::all() {
            let queue = names.overflow_queue(overflow);
            let arguments = safe_dead_letters(Arguments::quorum(), names.dead())
                .int("x-max-length", i64::try_from(max_length).unwrap_or(i64::MAX))
                .int("x-delivery-limit", NO_DELIVERY_LIMIT);
            self.queue(queue.clone(), arguments);
            self.bind(names.overflow(), queue, overflow_binding(overflow));
        }
    }

    /// One TTL for all messages of a delay queue: RabbitMQ only expires messages at the head.
    fn later(&mut self, names: &Names) {
        for delay in RetryDelay::ALL {
            let name = names.later(delay);
            let wait = i64::try_from(delay.wait().as_millis()).unwrap_or(i64::MAX);
            let arguments =
                safe_dead_letters(Arguments::quorum(), names.jobs()).int("x-message-ttl", wait);
            self.pair(name, ExchangeType::Topic, arguments);
        }
    }

    fn dead(&mut self, names: &Names) {
        let arguments = Arguments::quorum().int("x-delivery-limit", NO_DELIVERY_LIMIT);
        self.pair(names.dead(), ExchangeType::Topic, arguments);
    }

    /// Messages that the broker dead-letters have a header that ours lack. A copy of them goes to
    /// this queue, to be adopted.
    fn broker_dead(&mut self, names: &Names) {
        let name = names.broker_dead();
        let (kind, none) = (ExchangeType::Headers, Arguments::default());
        self.exchanges.push(Exchange {
            name: name.clone(),
            kind,
            arguments: none.clone(),
            optional: true,
        });
        let arguments = Arguments::quorum().int("x-delivery-limit", NO_DELIVERY_LIMIT);
        let arguments = leader::spread(arguments);
        self.queues.push(Queue { name: name.clone(), arguments, optional: true });
        let everything = "#".to_owned();
        let to = Bound::Exchange(name.clone());
        let exchange = names.dead();
        self.bindings.push(Binding { exchange, to, routing_key: everything, arguments: none });
        for reason in Death::WORDS {
            let arguments = Arguments::default()
                .text("x-match", "any-with-x")
                .text("x-first-death-reason", reason);
            let (exchange, to) = (name.clone(), Bound::Queue(name.clone()));
            self.bindings.push(Binding { exchange, to, routing_key: String::new(), arguments });
        }
    }

    fn results(&mut self, names: &Names) {
        let arguments = Arguments::quorum()
            .int("x-max-length", UNROUTED_MAX_LENGTH)
            .int("x-delivery-limit", NO_DELIVERY_LIMIT);
        self.pair(names.unrouted(), ExchangeType::Fanout, arguments);
        let arguments = Arguments::default().text("alternate-exchange", names.unrouted());
        self.exchange(names.results(), ExchangeType::Topic, arguments);
    }

    /// One TTL for all messages of a delay queue, as for jobs.
    fn webhooks(&mut self, names: &Names) {
        let arguments = Arguments::quorum()
            .int("x-max-length", WEBHOOKS_MAX_LENGTH)
            .int("x-delivery-limit", NO_DELIVERY_LIMIT);
        self.pair(names.webhooks(), ExchangeType::Fanout, arguments);
        for delay in WebhookDelay::ALL {
            let wait = i64::try_from(delay.wait().as_millis()).unwrap_or(i64::MAX);
            let arguments =
                safe_dead_letters(Arguments::quorum(), names.webhooks()).int("x-message-ttl", wait);
            self.pair(names.webhooks_later(delay), ExchangeType::Fanout, arguments);
        }
    }

    fn journal(&mut self, names: &Names, max_age: Duration) {
        let arguments = Arguments::default()
            .text("x-queue-type", "stream")
            .text("x-max-age", format!("{}s", max_age.as_secs().max(1)))
            .int("x-stream-max-segment-size-bytes", JOURNAL_SEGMENT_BYTES);
        self.queue(names.journal(), arguments);
    }

    /// An exchange and a queue with one name: the queue gets every message, with its key.
    fn pair(&mut self, name: String, kind: ExchangeType, arguments: Arguments) {
        let everything = match kind {
            ExchangeType::Topic => "#",
            ExchangeType::Fanout | ExchangeType::Headers => "",
        };
        self.exchange(name.clone(), kind, Arguments::default());
        self.queue(name.clone(), arguments);
        self.bind(name.clone(), name, everything.to_owned());
    }

    fn exchange(&mut self, name: String, kind: ExchangeType, arguments: Arguments) {
        self.exchanges.push(Exchange { name, kind, arguments, optional: false });
    }

    fn queue(&mut self, name: String, arguments: Arguments) {
        let arguments = leader::spread(arguments);
        self.queues.push(Queue { name, arguments, optional: false });
    }

    fn bind(&mut self, exchange: String, queue: String, routing_key: String) {
        let (to, arguments) = (Bound::Queue(queue), Arguments::default());
        self.bindings.push(Binding { exchange, to, routing_key, arguments });
    }
}

/// The queue of a named result subscription.
pub(crate) fn subscription_queue(name: String) -> Queue {
    let arguments = Arguments::quorum().int("x-delivery-limit", NO_DELIVERY_LIMIT);
    Queue { name, arguments, optional: false }
}

/// At-least-once dead-lettering requires `reject-publish`; without it the broker silently falls
/// back to at-most-once (RabbitMQ manual, quorum queues, dead lettering).
fn safe_dead_letters(arguments: Arguments, exchange: String) -> Arguments {
    arguments
        .text("x-dead-letter-exchange", exchange)
        .text("x-dead-letter-strategy", "at-least-once")
        .text("x-overflow", "reject-publish")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology() -> Topology {
        Topology::of("ns", 5000, Duration::from_secs(86_400))
    }

    fn arguments(name: &str) -> String {
        let topology = topology();
        let queue = topology.queues.iter().find(|queue| queue.name == name).unwrap();
        queue.arguments.to_string()
    }

    #[test]
    fn queues_are_as_the_table_says() {
        assert_eq!(topology().queues.len(), 9 + 24 + 5 + 4 + 7);
        for (queue, expected) in [
            (
                "ns.jobs.videos.high",
                "x-dead-letter-exchange=ns.dead x-dead-letter-strategy=at-least-once \
                 x-delivery-limit=1000 x-max-length=5000 x-overflow=reject-publish \
                 x-queue-leader-locator=balanced x-queue-type=quorum",
            ),
            (
                "ns.overflow.images.7",
                "x-dead-letter-exchange=ns.dead x-dead-letter-strategy=at-least-once \
                 x-delivery-limit=1000000 x-max-length=5000 x-overflow=reject-publish \
                 x-queue-leader-locator=balanced x-queue-type=quorum",
            ),
            (
                "ns.later.30s",
                "x-dead-letter-exchange=ns.jobs x-dead-letter-strategy=at-least-once \
                 x-message-ttl=30000 x-overflow=reject-publish \
                 x-queue-leader-locator=balanced x-queue-type=quorum",
            ),
            (
                "ns.webhooks",
                "x-delivery-limit=1000000 x-max-length=1000000 \
                 x-queue-leader-locator=balanced x-queue-type=quorum",
            ),
            (
                "ns.webhooks.later.5m",
                "x-dead-letter-exchange=ns.webhooks x-dead-letter-strategy=at-least-once \
                 x-message-ttl=300000 x-overflow=reject-publish \
                 x-queue-leader-locator=balanced x-queue-type=quorum",
            ),
            (
                "ns.dead",
                "x-delivery-limit=1000000 x-queue-leader-locator=balanced x-queue-type=quorum",
            ),
            (
                "ns.journal",
                "x-max-age=86400s x-queue-leader-locator=balanced x-queue-type=stream \
                 x-stream-max-segment-size-bytes=64000000",
            ),
        ] {
            assert_eq!(arguments(queue), expected, "{queue}");
        }
    }

    #[test]
    fn only_results_have_an_alternate_exchange() {
        for exchange in topology().exchanges {
            let alternate = exchange.arguments.get("alternate-exchange");
            let expected = Argument::Text("ns.unrouted".to_owned());
            assert_eq!(alternate, (exchange.name == "ns.results").then_some(&expected));
        }
    }

    #[test]
    fn every_binding_joins_what_is_declared() {
        let topology = topology();
        for binding in &topology.bindings {
            assert!(topology.exchanges.iter().any(|exchange| exchange.name == binding.exchange));
            assert!(topology.queues.iter().any(|queue| queue.name == binding.to.name()));
        }
        let key = |queue: &str| {
            let binding = topology.bindings.iter().find(|binding| binding.to.name() == queue);
            binding.unwrap().routing_key.as_str()
        };
        assert_eq!(key("ns.jobs.videos.high"), "videos.#.high");
        assert_eq!(key("ns.overflow.audio.2"), "2.audio.#");
        assert_eq!(key("ns.later.10m"), "#");
    }

    #[test]
    fn definitions_hold_everything_under_the_virtual_host() {
        let topology = crate::Settings::new("amqp://broker/studio", "ns").topology();
        let definitions = topology.definitions();
        for (part, count) in [("queues", 49), ("exchanges", 18), ("bindings", 52)] {
            let entries = definitions[part].as_array().unwrap();
            assert_eq!(entries.len(), count, "{part}");
            assert!(entries.iter().all(|entry| entry["vhost"] == "studio"));
        }
        let journal = &definitions["queues"][40];
        assert_eq!(journal["name"], "ns.journal");
        assert_eq!(journal["arguments"]["x-queue-type"], "stream");
        assert_eq!(journal["durable"], true);
    }
}
