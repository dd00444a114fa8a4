use std::fmt;

use lapin::ExchangeKind;
use lapin::options::{
    ExchangeBindOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use ports::BrokerError;

use super::{Binding, Bound, Exchange, ExchangeType, Queue, Topology, journal, leader};
use crate::Settings;
use crate::access::Access;
use crate::channel::Channel;
use crate::connection::BrokerConnection;
use crate::error::{cause, code, reply_code, short, using};

/// One expected exchange or queue, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `queue reelwork.dead`
    pub thing: String,
    /// `x-queue-type=quorum …`
    pub expected: String,
    pub found: Found,
    /// If it is missing, work continues.
    pub optional: bool,
}

impl Finding {
    /// Whether it prevents work.
    pub fn is_wrong(&self) -> bool {
        match &self.found {
            Found::Missing => !self.optional,
            Found::Differs(_) => true,
            Found::AsExpected | Found::NotComparable => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    AsExpected,
    Missing,
    /// The broker's own text on the difference.
    Differs(String),
    /// It exists, but comparing it requires the permission to configure it.
    NotComparable,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::AsExpected => write!(f, "{} is as expected", self.thing),
            Found::Missing => write!(f, "{} is missing", self.thing),
            Found::Differs(words) => write!(f, "{}: {words}", self.thing),
            Found::NotComparable => write!(f, "{} is there, but may not be compared", self.thing),
        }
    }
}

impl Topology {
    /// Checks every exchange and queue and declares nothing that is missing. Bindings cannot be
    /// read over AMQP: [`apply`](Self::apply) declares them.
    pub async fn show(&self, settings: &Settings) -> Result<Vec<Finding>, BrokerError> {
        let connection = connection(settings).await?;
        let findings = inspect(&connection, self).await;
        connection.close().await;
        findings
    }

    /// Declares what is missing and all bindings. What differs is reported and not changed: that
    /// would require deleting it, with its messages.
    pub async fn apply(&self, settings: &Settings) -> Result<(), BrokerError> {
        let connection = connection(settings).await?;
        let applied = apply(&connection, self).await;
        connection.close().await;
        applied
    }
}

/// A connection of its own, for an operator.
pub(super) async fn connection(settings: &Settings) -> Result<BrokerConnection, BrokerError> {
    Access::of(settings)?.open("reelwork topology").await
}

/// Checks everything without declaring what is missing.
pub(crate) async fn inspect(
    connection: &BrokerConnection,
    topology: &Topology,
) -> Result<Vec<Finding>, BrokerError> {
    let mut probe = Probe::new(connection);
    let mut findings = Vec::new();
    for thing in things(topology) {
        let found = match probe.declare(thing, true).await? {
            Found::AsExpected => probe.declare(thing, false).await?,
            absent => absent,
        };
        findings.push(thing.finding(found));
    }
    Ok(findings)
}

/// Whether everything exists, with one round trip each; arguments are not compared.
pub(crate) async fn look(
    connection: &BrokerConnection,
    topology: &Topology,
) -> Result<(), BrokerError> {
    let mut probe = Probe::new(connection);
    let mut findings = Vec::new();
    for thing in things(topology) {
        findings.push(thing.finding(probe.declare(thing, true).await?));
    }
    verdict(findings)
}

/// Declares and binds everything that is possible; then the differences are the error.
pub(crate) async fn apply(
    connection: &BrokerConnection,
    topology: &Topology,
) -> Result<(), BrokerError> {
    let mut probe = Probe::new(connection);
    let mut findings = Vec::new();
    for thing in things(topology) {
        let found = match probe.declare(thing, false).await? {
            Found::NotComparable => probe.declare(thing, true).await?,
            found => found,
        };
        findings.push(thing.finding(found));
    }
    if !findings.iter().any(|finding| finding.found == Found::Missing && finding.is_wrong()) {
        let channel = probe.channel().await?;
        for binding in topology.bindings.iter().filter(|binding| !lacks(&findings, binding)) {
            bind_as(channel, binding).await?;
        }
    }
    verdict(findings)
}

/// All findings that prevent work, in one error.
pub(crate) fn verdict(findings: Vec<Finding>) -> Result<(), BrokerError> {
    let wrong: Vec<String> =
        findings.iter().filter(|finding| finding.is_wrong()).map(Finding::to_string).collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(BrokerError::Differs(wrong.join("; "))),
    }
}

/// One end of the binding is missing.
fn lacks(findings: &[Finding], binding: &Binding) -> bool {
    let ends = [
        format!("exchange {}", binding.exchange),
        format!("{} {}", binding.to.kind(), binding.to.name()),
    ];
    findings.iter().any(|finding| finding.found == Found::Missing && ends.contains(&finding.thing))
}

async fn bind_as(channel: &Channel, binding: &Binding) -> Result<(), BrokerError> {
    let Binding { exchange, to, routing_key, arguments } = binding;
    let thing = format!("binding of {} {} to exchange {exchange}", to.kind(), to.name());
    let names = (short(to.name()), short(exchange), short(routing_key));
    let (Some(name), Some(exchange), Some(key)) = names else {
        return Err(BrokerError::Denied(format!("{thing}: a name is longer than 255 bytes")));
    };
    let table = arguments.table();
    let bound = match to {
        Bound::Queue(_) => {
            let options = QueueBindOptions::default();
            channel.ask(channel.queue_bind(name, exchange, key, options, table)).await
        }
        Bound::Exchange(_) => {
            let options = ExchangeBindOptions::default();
            channel.ask(channel.exchange_bind(name, exchange, key, options, table)).await
        }
    };
    bound.map_err(|error| using(&thing, &error))
}

pub(crate) async fn bind(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    routing_key: &str,
) -> Result<(), BrokerError> {
    let thing = format!("binding of queue {queue} to exchange {exchange} by {routing_key}");
    let names = (short(queue), short(exchange), short(routing_key));
    let (Some(queue), Some(exchange), Some(routing_key)) = names else {
        return Err(BrokerError::Denied(format!("{thing}: a name is longer than 255 bytes")));
    };
    let options = QueueBindOptions::default();
    let binding = channel.queue_bind(queue, exchange, routing_key, options, FieldTable::default());
    channel.ask(binding).await.map_err(|error| using(&thing, &error))
}

#[derive(Clone, Copy)]
enum Thing<'a> {
    Exchange(&'a Exchange),
    Queue(&'a Queue),
}

fn things(topology: &Topology) -> impl Iterator<Item = Thing<'_>> {
    let exchanges = topology.exchanges.iter().map(Thing::Exchange);
    exchanges.chain(topology.queues.iter().map(Thing::Queue))
}

impl Thing<'_> {
    fn differs(self, refusal: String) -> Found {
        match self {
            Self::Queue(queue) if journal::keeps_longer(queue, &refusal) => Found::AsExpected,
            Self::Queue(queue) => match journal::too_short(queue, &refusal) {
                Some(advice) => Found::Differs(format!("{refusal}; {advice}")),
                None => Found::Differs(refusal),
            },
            Self::Exchange(_) => Found::Differs(refusal),
        }
    }

    fn finding(self, found: Found) -> Finding {
        let expected = match self {
            Self::Exchange(exchange) => {
                format!("{} {}", exchange.kind.as_str(), exchange.arguments)
            }
            Self::Queue(queue) => queue.arguments.to_string(),
        };
        let optional = match self {
            Self::Exchange(exchange) => exchange.optional,
            Self::Queue(queue) => queue.optional,
        };
        let expected = expected.trim_end().to_owned();
        Finding { thing: self.to_string(), expected, found, optional }
    }
}

impl fmt::Display for Thing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(exchange) => write!(f, "exchange {}", exchange.name),
            Self::Queue(queue) => write!(f, "queue {}", queue.name),
        }
    }
}

/// A channel for checks: the broker closes it with every refusal, so it is opened again.
struct Probe<'a> {
    connection: &'a BrokerConnection,
    channel: Option<Channel>,
}

impl<'a> Probe<'a> {
    fn new(connection: &'a BrokerConnection) -> Self {
        Self { connection, channel: None }
    }

    async fn channel(&mut self) -> Result<&Channel, BrokerError> {
        let channel = match self.channel.take().filter(Channel::is_open) {
            Some(channel) => channel,
            None => self.connection.channel().await.map_err(|error| using("a channel", &error))?,
        };
        Ok(self.channel.insert(channel))
    }

    /// Passive: does it exist? Active: is it the same? If missing, the broker then declares it.
    async fn declare(&mut self, thing: Thing<'_>, passive: bool) -> Result<Found, BrokerError> {
        match (thing, self.declare_once(thing, passive).await?) {
            (Thing::Queue(queue), Found::Differs(refusal)) => self.older(queue, refusal).await,
            (_, found) => Ok(found),
        }
    }

    /// A queue that did not ask for its leader is as expected if nothing else differs.
    async fn older(&mut self, queue: &Queue, refusal: String) -> Result<Found, BrokerError> {
        let Some(older) = leader::without(queue) else { return Ok(Found::Differs(refusal)) };
        let found = self.declare_once(Thing::Queue(&older), false).await?;
        let is_leader = leader::is_cause(&refusal);
        Ok(match found {
            // It asks for another leader.
            Found::Differs(text) if is_leader && leader::is_cause(&text) => Found::AsExpected,
            Found::Differs(_) if !is_leader => Found::Differs(refusal),
            found => found,
        })
    }

    async fn declare_once(
        &mut self,
        thing: Thing<'_>,
        passive: bool,
    ) -> Result<Found, BrokerError> {
        let channel = self.channel().await?;
        let declared = match thing {
            Thing::Exchange(exchange) => declare_exchange(channel, exchange, passive).await,
            Thing::Queue(queue) => declare_queue(channel, queue, passive).await.map(|_| ()),
        };
        let Err(error) = declared else {
            return Ok(Found::AsExpected);
        };
        // The channel is being closed and must not be used again.
        self.channel = None;
        match reply_code(&error) {
            Some(code::NOT_FOUND) if passive => Ok(Found::Missing),
            Some(code::PRECONDITION_FAILED) => Ok(thing.differs(cause(&error))),
            Some(code::ACCESS_REFUSED) if !passive => Ok(Found::NotComparable),
            _ => Err(using(&thing.to_string(), &error)),
        }
    }
}

async fn declare_exchange(
    channel: &Channel,
    exchange: &Exchange,
    passive: bool,
) -> lapin::Result<()> {
    let kind = match exchange.kind {
        ExchangeType::Topic => ExchangeKind::Topic,
        ExchangeType::Fanout => ExchangeKind::Fanout,
        ExchangeType::Headers => ExchangeKind::Headers,
    };
    let options =
        ExchangeDeclareOptions { passive, durable: true, ..ExchangeDeclareOptions::default() };
    let name = short(&exchange.name).ok_or_else(too_long)?;
    let declaring = channel.exchange_declare(name, kind, options, exchange.arguments.table());
    channel.ask(declaring).await
}

pub(crate) async fn declare_queue(
    channel: &Channel,
    queue: &Queue,
    passive: bool,
) -> lapin::Result<lapin::Queue> {
    let options = QueueDeclareOptions { passive, ..QueueDeclareOptions::durable() };
    let name = short(&queue.name).ok_or_else(too_long)?;
    let declaring = channel.queue_declare(name, options, queue.arguments.table());
    channel.ask(declaring).await
}

fn too_long() -> lapin::Error {
    let text = "a name is longer than 255 bytes";
    std::io::Error::new(std::io::ErrorKind::InvalidInput, text).into()
}
