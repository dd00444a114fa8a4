use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use job::Lane;
use ports::{
    Broker, BrokerError, BrokerLayer, Deliveries, Delivery, Destination, Message, PublishError,
    Settle, Source,
};

use crate::Meter;
use crate::families::took;
use crate::label::Word;

impl Meter {
    /// Wraps a broker to measure its calls.
    pub fn broker(&self, inner: Arc<dyn Broker>) -> Arc<dyn Broker> {
        Arc::new(Metered { inner, meter: self.clone() })
    }
}

struct Metered {
    inner: Arc<dyn Broker>,
    meter: Meter,
}

impl BrokerLayer for Metered {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let since = Instant::now();
        let done = self.inner.publish(to, message).await;
        let families = self.meter.families();
        took(&families.publish_duration, "to", place(to).into(), since);
        let labels = [("to", place(to).into()), ("outcome", outcome(&done).into())];
        families.publishes.get_or_create(&labels).inc();
        self.meter.inner().refusals.published(place(to), &done);
        done
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        let consuming = self.inner.consume(source, prefetch).await;
        self.meter.inner().refusals.consumed(source, &consuming);
        let inner = consuming?;
        Ok(match source {
            Source::Lane(lane) => Box::new(Lent { inner, lane: *lane, meter: self.meter.clone() }),
            Source::Overflow(_)
            | Source::Dead
            | Source::BrokerDead
            | Source::Results(_)
            | Source::Webhooks
            | Source::Journal(_) => inner,
        })
    }
}

fn place(to: &Destination) -> &'static str {
    match to {
        Destination::Jobs { .. } => "jobs",
        Destination::Later { .. } => "later",
        Destination::Overflow { .. } => "overflow",
        Destination::Dead { .. } => "dead",
        Destination::Results { .. } => "results",
        Destination::Webhooks { .. } => "webhooks",
        Destination::Journal => "journal",
    }
}

fn outcome(done: &Result<(), PublishError>) -> &'static str {
    done.as_ref().map_or_else(PublishError::word, |()| "confirmed")
}

/// The deliveries of a lane, counted as they arrive.
struct Lent {
    inner: Box<dyn Deliveries>,
    lane: Lane,
    meter: Meter,
}

#[async_trait]
impl Deliveries for Lent {
    async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.inner.next().await?;
        Some(lent(delivery, self.lane, &self.meter))
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

/// Counted on arrival, and again when it is settled.
fn lent(delivery: Delivery, lane: Lane, meter: &Meter) -> Delivery {
    let lane: Word = lane.to_string().into();
    let redelivered = if delivery.redelivered { "true" } else { "false" };
    let labels = [("lane", lane.clone()), ("redelivered", redelivered.into())];
    meter.families().taken.get_or_create(&labels).inc();
    let settle = Settled { inner: delivery.settle, lane, meter: meter.clone() };
    Delivery { settle: Box::new(settle), ..delivery }
}

struct Settled {
    inner: Box<dyn Settle>,
    lane: Word,
    meter: Meter,
}

#[async_trait]
impl Settle for Settled {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        let Self { inner, lane, meter } = *self;
        let done = inner.ack().await;
        count(&meter, lane, "acked", &done);
        done
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        let Self { inner, lane, meter } = *self;
        let done = inner.requeue().await;
        count(&meter, lane, "requeued", &done);
        done
    }
}

fn count(meter: &Meter, lane: Word, how: &'static str, done: &Result<(), PublishError>) {
    let how = if done.is_ok() { how } else { "failed" };
    meter.families().settled.get_or_create(&[("lane", lane), ("how", how.into())]).inc();
}

#[cfg(test)]
mod tests {
    use job::RetryDelay;

    use super::*;
    use crate::{About, Meter};

    #[test]
    fn every_place_and_outcome_begins_with_nothing() {
        let page = Meter::new(About { version: "1", role: "both" }).text();
        let key = || "videos.text2video.normal".to_owned();
        let places = [
            Destination::Jobs { routing_key: key() },
            Destination::Later { delay: RetryDelay::OneSecond, routing_key: key() },
            Destination::Dead { routing_key: key() },
            Destination::Results { routing_key: key() },
            Destination::Journal,
        ];
        let outcomes = [
            Ok(()),
            Err(PublishError::Unroutable(String::new())),
            Err(PublishError::Refused(String::new())),
            Err(PublishError::Denied(String::new())),
            Err(PublishError::TooLarge { bytes: 2, most: 1 }),
            Err(PublishError::Unknown(String::new())),
        ];
        for (to, done) in places.iter().flat_map(|to| outcomes.iter().map(move |done| (to, done))) {
            let labels = format!("{{to=\"{}\",outcome=\"{}\"}}", place(to), outcome(done));
            assert!(page.contains(&format!("reelwork_publishes_total{labels} 0")), "{labels}");
        }
    }
}
