//! How words travel: queues as rows, taken by the writer for whoever listens.

mod consume;
mod dispatch;
pub(crate) mod journal;
pub(crate) mod later;
mod place;
mod publish;
pub(crate) mod queues;
pub(crate) mod settle;
mod tap;

use std::sync::Arc;

use async_trait::async_trait;
use job::{Lane, Timestamp};
use ports::{
    Broker, BrokerError, Clock, Deliveries, Delivery, Destination, Message, PublishError, Source,
    SystemClock,
};
use rusqlite::Connection;
use spans::Spans;

pub(crate) use self::dispatch::{Dispatch, Fills};
pub(crate) use self::queues::Queues;
pub(crate) use self::settle::{Return, Returns};
pub(crate) use self::tap::Tap;
use crate::failure::Failure;
use crate::store::Store;

pub(crate) struct FileBroker {
    store: Arc<Store>,
    spans: Spans,
}

impl FileBroker {
    pub(crate) fn new(store: Arc<Store>, spans: Spans) -> Self {
        Self { store, spans }
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
        consume::consume(&self.store, self.spans, source, prefetch).await
    }

    async fn take(&self, lane: Lane) -> Result<Option<Delivery>, BrokerError> {
        consume::take(&self.store, self.spans, lane).await
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        let (source, queues, ns) = (source.clone(), self.store.queues.clone(), self.store.ns);
        let now = SystemClock.now();
        let count = self
            .store
            .read(move |sql| Ok::<_, Failure<BrokerError>>(depth(sql, ns, &queues, &source, now)?))
            .await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        let (source, queues, ns) = (source.clone(), self.store.queues.clone(), self.store.ns);
        let look = move |sql: &Connection| {
            let queue = queue_of(sql, ns, &queues, &source)?;
            let held = queue.map(|queue| queues::is_held(sql, queue)).transpose()?;
            Ok::<_, Failure<BrokerError>>(held.unwrap_or(false))
        };
        Ok(self.store.read(look).await?)
    }

    async fn check(&self) -> Result<(), BrokerError> {
        let checked = self.store.check().await;
        checked.map_err(|error| Failure::<BrokerError>::Store(error).into())
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

/// `None` where nothing waits.
fn queue_of(
    sql: &Connection,
    ns: i64,
    queues: &Queues,
    source: &Source,
) -> rusqlite::Result<Option<i64>> {
    match source {
        Source::Lane(lane) => Ok(queues.of(*lane)),
        Source::Dead => Ok(Some(queues.dead)),
        Source::Journal(_) | Source::BrokerDead => Ok(None),
        Source::Results(subscription) => match &subscription.name {
            Some(name) => queues::find_subscription(sql, ns, name),
            None => Ok(None),
        },
    }
}
