use std::sync::Arc;

use async_trait::async_trait;
use ports::{
    Broker, BrokerError, BrokerLayer, Deliveries, Delivery, Destination, Message, PublishError,
    Settle, Source,
};

use super::around;
use super::effect::Effect;

pub(super) struct Crashing {
    inner: Arc<dyn Broker>,
}

impl Crashing {
    pub(super) fn new(inner: Arc<dyn Broker>) -> Self {
        Self { inner }
    }
}

impl BrokerLayer for Crashing {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let effect = match to {
            Destination::Jobs { .. } => Effect::PublishJobs,
            Destination::Later { .. } => Effect::PublishLater,
            Destination::Overflow { .. } => Effect::PublishOverflow,
            Destination::Dead { .. } => Effect::PublishDead,
            Destination::Results { .. } => Effect::PublishResults,
            Destination::Webhooks { .. } => return self.inner.publish(to, message).await,
            Destination::Journal => Effect::PublishJournal,
        };
        around(effect, self.inner.publish(to, message)).await
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        let inner = self.inner.consume(source, prefetch).await?;
        Ok(Box::new(CrashingDeliveries { inner }))
    }
}

struct CrashingDeliveries {
    inner: Box<dyn Deliveries>,
}

#[async_trait]
impl Deliveries for CrashingDeliveries {
    async fn next(&mut self) -> Option<Delivery> {
        self.inner.next().await.map(crashing)
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

fn crashing(delivery: Delivery) -> Delivery {
    let settle = Box::new(CrashingSettle { inner: delivery.settle });
    Delivery { settle, ..delivery }
}

struct CrashingSettle {
    inner: Box<dyn Settle>,
}

#[async_trait]
impl Settle for CrashingSettle {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        around(Effect::Ack, self.inner.ack()).await
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        self.inner.requeue().await
    }
}
