use std::sync::Arc;

use async_trait::async_trait;
use job::Lane;
use ports::{BrokerError, Deliveries, Delivery, Handling, Message, Settle, Source, Subscription};
use spans::Spans;

use super::consumer::Consumer;
use super::dispatch;
use super::journal::JournalDeliveries;
use super::place::place;
use super::queues;
use super::registry::Registry;
use super::settle::Holding;
use crate::error::Error;
use crate::store::Store;

pub(crate) async fn consume(
    store: &Arc<Store>,
    registry: &Registry,
    spans: Spans,
    source: &Source,
    prefetch: u16,
) -> Result<Box<dyn Deliveries>, BrokerError> {
    let (queue, private) = match source {
        Source::Journal(from) => {
            let journal = JournalDeliveries::open(store.clone(), *from, prefetch).await?;
            return Ok(Box::new(journal));
        }
        Source::Lane(lane) => (store.queues.of(*lane), false),
        Source::Dead => (Some(store.queues.dead), false),
        Source::BrokerDead => (None, false),
        Source::Results(subscription) => {
            let queue = subscribe(store, subscription).await?;
            (Some(queue), subscription.name.is_none())
        }
    };
    let queue = queue.ok_or_else(|| BrokerError::Differs(format!("no queue for {source:?}")))?;
    let consumer = Arc::new(Consumer::new(store.clone(), queue, prefetch, private));
    registry
        .add(queue, Arc::downgrade(&consumer))
        .map_err(|error: Error<BrokerError>| BrokerError::from(error))?;
    store.wake();
    let lane = match source {
        Source::Lane(lane) => Some(*lane),
        _ => None,
    };
    Ok(Box::new(QueueDeliveries { consumer, spans, lane }))
}

async fn subscribe(store: &Store, subscription: &Subscription) -> Result<i64, BrokerError> {
    let (ns, process) = (store.ns, store.process);
    let subscription = subscription.clone();
    let queue = store
        .write(move |tx| {
            Ok::<_, Error<BrokerError>>(queues::subscribe(tx.sql, ns, process, &subscription)?)
        })
        .await?;
    Ok(queue)
}

/// In its own task: a caller that stops waiting leaves no delivery unsettled.
pub(crate) async fn take(
    store: &Arc<Store>,
    spans: Spans,
    lane: Lane,
) -> Result<Option<Delivery>, BrokerError> {
    let queue = store.queues.of(lane);
    let queue = queue.ok_or_else(|| BrokerError::Differs(format!("no queue for {lane}")))?;
    let look = move |sql: &_| Ok::<_, Error<BrokerError>>(dispatch::has_ready(sql, queue));
    if !store.read(look).await? {
        return Ok(None);
    }
    let consumer = Arc::new(Consumer::new(store.clone(), queue, 1, false));
    let mut deliveries = QueueDeliveries { consumer, spans, lane: Some(lane) };
    let taking = tokio::spawn(async move {
        let (store, process) =
            (deliveries.consumer.store.clone(), deliveries.consumer.store.process);
        let taken = store
            .write(move |tx| {
                Ok::<_, Error<BrokerError>>(dispatch::take(tx.sql, process, queue, 1)?)
            })
            .await?;
        deliveries.consumer.push(taken);
        deliveries.consumer.stop();
        Ok(deliveries.next().await)
    });
    taking.await.map_err(|error| BrokerError::Unavailable(error.to_string()))?
}

struct QueueDeliveries {
    consumer: Arc<Consumer>,
    spans: Spans,
    /// Set for a lane: handling is traced.
    lane: Option<Lane>,
}

impl QueueDeliveries {
    fn handling(
        &self,
        message: &Message,
        routing_key: &str,
        settle: Box<dyn Settle>,
    ) -> (Handling, Box<dyn Settle>) {
        match self.lane {
            Some(lane) => {
                let lane = lane.to_string();
                place("jobs", routing_key, &lane).handling(self.spans, message, settle)
            }
            None => (Handling::untold(), settle),
        }
    }
}

#[async_trait]
impl Deliveries for QueueDeliveries {
    async fn next(&mut self) -> Option<Delivery> {
        let (taken, credit) = self.consumer.next().await?;
        let settle = Box::new(Holding::of(&taken, credit));
        let message = taken.packed.open();
        let (handling, settle) = self.handling(&message, &taken.routing_key, settle);
        Some(Delivery {
            settle,
            handling,
            message,
            routing_key: taken.routing_key,
            redelivered: taken.deliveries > 0,
            delivery_count: u32::try_from(taken.deliveries).unwrap_or(u32::MAX),
            offset: None,
        })
    }

    async fn cancel(&mut self) {
        self.consumer.stop();
    }
}

impl Drop for QueueDeliveries {
    fn drop(&mut self) {
        self.consumer.abandon();
    }
}
