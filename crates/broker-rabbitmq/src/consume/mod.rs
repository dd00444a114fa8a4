//! Consuming: one channel for each consumer, and deliveries that own what settles them.

mod holder;
mod source;
mod stream;
mod ticket;

use std::sync::Arc;

use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use ports::{BrokerError, Deliveries, Source};
use uuid::Uuid;

use crate::Settings;
use crate::channel::Channel;
use crate::connection::BrokerConnection;
use crate::counts::Counting;
use crate::error::using;
use crate::names::Names;

use source::{arguments, queue};
pub(crate) use source::{depth, is_read};
use stream::Stream;

/// The channel of a consumer; closed when the consumer and all its deliveries are dropped.
pub(crate) struct Intake {
    channel: Channel,
    counting: Counting,
    _wire: Arc<BrokerConnection>,
}

impl Intake {
    fn new(channel: Channel, wire: Arc<BrokerConnection>) -> Self {
        Self { channel, counting: Counting::default(), _wire: wire }
    }
}

/// What is consumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// From this queue, which is bound to that exchange; its handling is traced.
    Jobs {
        exchange: String,
        queue: String,
    },
    /// The same, with keys of an overflow queue.
    Overflow {
        exchange: String,
        queue: String,
    },
    /// In either content mode.
    Events,
    DeadLetters,
    Webhooks,
    /// A stream: settling a line in any way only makes room for the next.
    Log,
}

pub(crate) async fn consume(
    connection: Arc<BrokerConnection>,
    names: &Names,
    source: &Source,
    prefetch: u16,
    settings: &Settings,
) -> Result<Box<dyn Deliveries>, BrokerError> {
    let channel = connection.channel().await.map_err(|error| using("a channel", &error))?;
    let queue = queue(&channel, names, source).await?;
    let thing = format!("queue {queue}");
    // 0 would mean: no limit.
    let qos = channel.basic_qos(prefetch.max(1), BasicQosOptions::default());
    channel.ask(qos).await.map_err(|error| using(&thing, &error))?;
    let tag = format!("reelwork-{}", Uuid::new_v4());
    let options = BasicConsumeOptions::default();
    let starting = channel.basic_consume(queue, tag.as_str().into(), options, arguments(source));
    let consumer = channel.ask(starting).await.map_err(|error| using(&thing, &error))?;
    let intake = Arc::new(Intake::new(channel, connection));
    Ok(Box::new(Stream::new(consumer, intake, kind_of(names, source), settings)))
}

fn kind_of(names: &Names, source: &Source) -> Kind {
    match source {
        Source::Lane(lane) => Kind::Jobs { exchange: names.jobs(), queue: names.lane(*lane) },
        Source::Overflow(queue) => {
            Kind::Overflow { exchange: names.overflow(), queue: names.overflow_queue(*queue) }
        }
        Source::Results(_) => Kind::Events,
        Source::Dead | Source::BrokerDead => Kind::DeadLetters,
        Source::Webhooks => Kind::Webhooks,
        Source::Journal(_) => Kind::Log,
    }
}
