use std::sync::Arc;

use async_trait::async_trait;
use ports::{BrokerError, Deliveries, Delivery, Handling, Message, Settle, Source, Subscription};
use spans::Spans;

use super::consumer::Consumer;
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
        Source::Overflow(queue) => (store.queues.of_overflow(*queue), false),
        Source::Dead => (Some(store.queues.dead), false),
        Source::BrokerDead => (None, false),
        Source::Webhooks => (Some(store.queues.webhooks), false),
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
    let traced = match source {
        Source::Lane(lane) => Some(("jobs", lane.to_string())),
        Source::Overflow(queue) => Some(("overflow", queue.to_string())),
        Source::Dead
        | Source::BrokerDead
        | Source::Results(_)
        | Source::Webhooks
        | Source::Journal(_) => None,
    };
    Ok(Box::new(QueueDeliveries { consumer, spans, traced }))
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

struct QueueDeliveries {
    consumer: Arc<Consumer>,
    spans: Spans,
    /// Exchange and queue of jobs, whose handling is traced.
    traced: Option<(&'static str, String)>,
}

impl QueueDeliveries {
    fn handling(
        &self,
        message: &Message,
        routing_key: &str,
        settle: Box<dyn Settle>,
    ) -> (Handling, Box<dyn Settle>) {
        match &self.traced {
            Some((exchange, queue)) => {
                place(exchange, routing_key, queue).handling(self.spans, message, settle)
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
