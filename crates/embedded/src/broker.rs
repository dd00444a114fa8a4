//! The broker: queues are rows, and the writer takes messages for consumers.

mod consume;
mod consumer;
mod dispatch;
pub(crate) mod journal;
mod later;
mod message;
mod place;
mod publish;
pub(crate) mod queues;
mod registry;
pub(crate) mod returns;
mod settle;

use std::sync::Arc;

use async_trait::async_trait;
use job::Timestamp;
use ports::{
    Broker, BrokerError, Clock, Deliveries, Destination, Message, PublishError, Source, SystemClock,
};
use rusqlite::Connection;
use spans::Spans;

pub(crate) use self::dispatch::Dispatch;
pub(crate) use self::later::Promote;
use self::queues::Queues;
pub(crate) use self::registry::Registry;
pub(crate) use self::returns::PutBack;
use crate::error::Error;
use crate::store::Store;

pub(crate) struct FileBroker {
    store: Arc<Store>,
    registry: Arc<Registry>,
    spans: Spans,
}

impl FileBroker {
    pub(crate) fn new(store: Arc<Store>, registry: Arc<Registry>, spans: Spans) -> Self {
        Self { store, registry, spans }
    }
}

#[async_trait]
impl Broker for FileBroker {
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let publish = |message| publish::publish(&self.store, to, message);
        place::of(to).publish(self.spans, to, message, publish).await
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        consume::consume(&self.store, &self.registry, self.spans, source, prefetch).await
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        let (source, queues, ns) = (source.clone(), self.store.queues.clone(), self.store.ns);
        let now = SystemClock.now();
        let count = self
            .store
            .read(move |sql| Ok::<_, Error<BrokerError>>(depth(sql, ns, &queues, &source, now)?))
            .await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        let (source, queues, ns) = (source.clone(), self.store.queues.clone(), self.store.ns);
        let look = move |sql: &Connection| {
            let queue = queue_of(sql, ns, &queues, &source)?;
            let held = queue.map(|queue| queues::is_held(sql, queue)).transpose()?;
            Ok::<_, Error<BrokerError>>(held.unwrap_or(false))
        };
        Ok(self.store.read(look).await?)
    }

    async fn check(&self) -> Result<(), BrokerError> {
        let checked = self.store.check().await;
        checked.map_err(|error| Error::<BrokerError>::Store(error).into())
    }
}

fn depth(
    sql: &Connection,
    ns: i64,
    queues: &Queues,
    source: &Source,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    if let Source::Journal(from) = source {
        return journal::count_from(sql, ns, *from);
    }
    let Some(queue) = queue_of(sql, ns, queues, source)? else { return Ok(0) };
    Ok(queues::count_ready(sql, queue)? + later::count_due(sql, queue, now)?)
}

/// `None` if the source has no queue.
fn queue_of(
    sql: &Connection,
    ns: i64,
    queues: &Queues,
    source: &Source,
) -> rusqlite::Result<Option<i64>> {
    match source {
        Source::Lane(lane) => Ok(queues.of(*lane)),
        Source::Overflow(queue) => Ok(queues.of_overflow(*queue)),
        Source::Dead => Ok(Some(queues.dead)),
        Source::Webhooks => Ok(Some(queues.webhooks)),
        Source::Journal(_) | Source::BrokerDead => Ok(None),
        Source::Results(subscription) => match &subscription.name {
            Some(name) => queues::find_subscription(sql, ns, name),
            None => Ok(None),
        },
    }
}
