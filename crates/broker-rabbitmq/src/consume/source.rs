use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use ports::{BrokerError, JournalStart, Source, Subscription};

use crate::channel::Channel;
use crate::connection::BrokerConnection;
use crate::error::{code, reply_code, short, using};
use crate::names::Names;
use crate::topology::{bind, declare_queue, subscription_queue};

/// The queue to consume; that of a subscription is declared here.
pub(super) async fn queue(
    channel: &Channel,
    names: &Names,
    source: &Source,
) -> Result<ShortString, BrokerError> {
    match source {
        Source::Results(subscription) => subscribe(channel, names, subscription).await,
        Source::Lane(_)
        | Source::Overflow(_)
        | Source::Dead
        | Source::BrokerDead
        | Source::Webhooks
        | Source::Journal(_) => fixed(names, source),
    }
}

async fn subscribe(
    channel: &Channel,
    names: &Names,
    subscription: &Subscription,
) -> Result<ShortString, BrokerError> {
    let queue = match &subscription.name {
        Some(name) => named(channel, names.subscription(name)).await?,
        None => unnamed(channel).await?,
    };
    bind(channel, queue.as_str(), &names.results(), &subscription.binding).await?;
    Ok(queue)
}

/// Kept while it has no consumer. The bindings of its users accumulate.
async fn named(channel: &Channel, name: String) -> Result<ShortString, BrokerError> {
    let thing = format!("queue {name}");
    let queue = subscription_queue(name);
    let declared = declare_queue(channel, &queue, false).await;
    let declared = declared.map_err(|error| using(&thing, &error))?;
    Ok(declared.name().clone())
}

/// Deleted with its consumer and with the connection; the broker chooses the name.
async fn unnamed(channel: &Channel) -> Result<ShortString, BrokerError> {
    let options = QueueDeclareOptions::exclusive().auto_delete();
    let declaring = channel.queue_declare("".into(), options, FieldTable::default());
    let declared = channel.ask(declaring).await;
    let declared = declared.map_err(|error| using("an unnamed result queue", &error))?;
    Ok(declared.name().clone())
}

pub(super) fn fixed(names: &Names, source: &Source) -> Result<ShortString, BrokerError> {
    let name = match source {
        Source::Lane(lane) => names.lane(*lane),
        Source::Overflow(queue) => names.overflow_queue(*queue),
        Source::Dead => names.dead(),
        Source::BrokerDead => names.broker_dead(),
        Source::Webhooks => names.webhooks(),
        Source::Journal(_) => names.journal(),
        Source::Results(subscription) => {
            names.subscription(subscription.name.as_deref().unwrap_or_default())
        }
    };
    short(&name).ok_or_else(|| BrokerError::Denied(format!("queue {name}: the name is too long")))
}

/// For the journal: where reading begins. Empty for other sources.
pub(super) fn arguments(source: &Source) -> FieldTable {
    let mut table = FieldTable::default();
    if let Source::Journal(start) = source {
        let start = match start {
            JournalStart::First => AMQPValue::LongString("first".into()),
            JournalStart::Offset(offset) => {
                AMQPValue::LongLongInt(i64::try_from(*offset).unwrap_or(i64::MAX))
            }
            // AMQP counts seconds: the second that contains this time.
            JournalStart::Since(at) => {
                let seconds = at.as_millis().div_euclid(1000);
                AMQPValue::Timestamp(u64::try_from(seconds).unwrap_or(0))
            }
            JournalStart::End => AMQPValue::LongString("next".into()),
        };
        table.insert("x-stream-offset".into(), start);
    }
    table
}

/// Number of ready messages; 0 for a subscription that does not exist (yet).
pub(crate) async fn depth(
    connection: &BrokerConnection,
    names: &Names,
    source: &Source,
) -> Result<u64, BrokerError> {
    Ok(looked(connection, names, source).await?.map_or(0, |queue| queue.message_count().into()))
}

/// Whether the queue has a consumer.
pub(crate) async fn is_read(
    connection: &BrokerConnection,
    names: &Names,
    source: &Source,
) -> Result<bool, BrokerError> {
    Ok(looked(connection, names, source).await?.is_some_and(|queue| queue.consumer_count() > 0))
}

async fn looked(
    connection: &BrokerConnection,
    names: &Names,
    source: &Source,
) -> Result<Option<lapin::Queue>, BrokerError> {
    if matches!(source, Source::Results(Subscription { name: None, .. })) {
        return Ok(None);
    }
    let queue = fixed(names, source)?;
    let thing = format!("queue {queue}");
    let channel = connection.channel().await.map_err(|error| using(&thing, &error))?;
    let options = QueueDeclareOptions::durable().passive();
    let asking = channel.queue_declare(queue, options, FieldTable::default());
    match channel.ask(asking).await {
        Ok(declared) => Ok(Some(declared)),
        Err(error) if is_absent(&error) && matches!(source, Source::Results(_)) => Ok(None),
        Err(error) => Err(using(&thing, &error)),
    }
}

fn is_absent(error: &lapin::Error) -> bool {
    reply_code(error) == Some(code::NOT_FOUND)
}
