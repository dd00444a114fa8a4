use std::sync::Arc;

use async_trait::async_trait;
use job::{JournalEntry, State};
use memory::StoreTime;
use ports::{
    Broker, BrokerError, BrokerLayer, Deliveries, Delivery, Destination, JOURNAL_BARRIER, Message,
    PublishError, Settle, Source, header,
};

use super::Broken;

pub(super) struct BrokenBroker {
    pub(super) broken: Broken,
    pub(super) inner: Arc<dyn Broker>,
    pub(super) time: StoreTime,
}

impl BrokerLayer for BrokenBroker {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, mut message: Message) -> Result<(), PublishError> {
        if self.broken == Broken::DeadLettersUnsent && matches!(to, Destination::Jobs { .. }) {
            message.headers.remove(header::REACHED);
        }
        match to {
            Destination::Later { routing_key, .. } if self.broken == Broken::Restless => {
                let at_once = Destination::Jobs { routing_key: routing_key.clone() };
                self.inner.publish(&at_once, message).await
            }
            Destination::Overflow { .. } if self.broken == Broken::OverflowForgotten => Ok(()),
            Destination::Journal if self.forgets(&message) => Ok(()),
            to => self.inner.publish(to, message).await,
        }
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        let inner = self.inner.consume(source, prefetch).await?;
        match self.broken {
            Broken::AckBeforeRecord => Ok(Box::new(Hasty { inner })),
            Broken::ClocksBelieved => Ok(Box::new(Punctual { inner, time: self.time })),

            _ => Ok(inner),
        }
    }
}

impl BrokenBroker {
    /// Barriers are still written: otherwise a follower would wait for ever.
    fn forgets(&self, line: &Message) -> bool {
        let forgotten = match self.broken {
            Broken::JournalForgotten => true,
            Broken::IntentNotJournaled => is_of_an_intent(line),
            _ => false,
        };
        forgotten && line.kind.as_deref() != Some(JOURNAL_BARRIER)
    }
}

fn is_of_an_intent(line: &Message) -> bool {
    let entry = serde_json::from_slice::<JournalEntry>(&line.body);
    entry.is_ok_and(|entry| matches!(entry.record.state, State::Submitting { .. }))
}

/// Acknowledges each delivery when it is taken.
struct Hasty {
    inner: Box<dyn Deliveries>,
}

#[async_trait]
impl Deliveries for Hasty {
    async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.inner.next().await?;
        Some(hasty(delivery).await)
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

async fn hasty(mut delivery: Delivery) -> Delivery {
    let settle = std::mem::replace(&mut delivery.settle, Box::new(Settled));
    // It was just taken: the result cannot be unknown.
    let _ = settle.ack().await;
    delivery
}

fn punctual(mut delivery: Delivery, time: StoreTime) -> Delivery {
    let now = time.now();
    if delivery.message.enqueued_at().is_some_and(|told| told > now) {
        let told = now.as_millis().to_string();
        delivery.message = delivery.message.header(header::ENQUEUED_AT, told);
    }
    delivery
}

/// Takes a producer's time in the future for the present.
struct Punctual {
    inner: Box<dyn Deliveries>,
    time: StoreTime,
}

#[async_trait]
impl Deliveries for Punctual {
    async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.inner.next().await?;
        Some(punctual(delivery, self.time))
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

struct Settled;

#[async_trait]
impl Settle for Settled {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        Ok(())
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        Ok(())
    }
}
