//! The broker as one process sees it.

use std::sync::Arc;

use async_trait::async_trait;
use ports::{
    Broker, BrokerError, BrokerLayer, Deliveries, Delivery, Destination, Message, PublishError,
    Settle, Source,
};

use crate::life::{Life, Weight};
use crate::outages::{Fate, Remote};

pub(crate) struct ProcessBroker {
    pub(crate) life: Arc<Life>,
    pub(crate) inner: Arc<dyn Broker>,
}

fn silence() -> PublishError {
    PublishError::Unknown("no confirmation".to_owned())
}

fn place(to: &Destination) -> String {
    match to {
        Destination::Jobs { routing_key } => format!("jobs {routing_key}"),
        Destination::Later { delay, routing_key } => {
            format!("later {} {routing_key}", delay.as_str())
        }
        Destination::Overflow { queue, routing_key } => format!("overflow {queue} {routing_key}"),
        Destination::Dead { routing_key } => format!("dead {routing_key}"),
        Destination::Results { routing_key } => format!("results {routing_key}"),
        Destination::Webhooks { after } => {
            format!("webhooks {}", after.map_or("now", job::WebhookDelay::as_str))
        }
        Destination::Journal => "journal".to_owned(),
    }
}

impl Life {
    fn broker_fate(&self) -> Fate {
        let fate = self.outages.fate(Remote::Broker, self.outages.rates().broker, &self.chance);
        if fate != Fate::Fine {
            self.trace.fault("broker silent");
        }
        fate
    }
}

impl BrokerLayer for ProcessBroker {
    fn inner(&self) -> &dyn Broker {
        self.inner.as_ref()
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let life = &self.life;
        life.before("publish", Weight::Effect).await;
        let fate = life.broker_fate();
        let about = format!("{} {}", place(to), message.id);
        let done = match fate {
            Fate::NoEffect => Err(silence()),
            Fate::Fine | Fate::NoAnswer => self.inner.publish(to, message).await,
        };
        life.after("publish", Weight::Effect, format!("{about} -> {done:?} {fate:?}")).await;
        if fate == Fate::Fine { done } else { Err(silence()) }
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        let life = &self.life;
        life.before("consume", Weight::Idle).await;
        if life.outages.is_out(Remote::Broker) {
            life.after("consume", Weight::Idle, "away".to_owned()).await;
            return Err(BrokerError::Unavailable("no connection".to_owned()));
        }
        let inner = self.inner.consume(source, prefetch).await?;
        life.after("consume", Weight::Idle, format!("{source:?}")).await;
        Ok(Box::new(ProcessDeliveries { life: life.clone(), inner }))
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        self.life.pass().await;
        self.inner.depth(source).await
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        self.life.pass().await;
        self.inner.is_read(source).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        self.life.pass().await;
        self.inner.check().await
    }
}

struct ProcessDeliveries {
    life: Arc<Life>,
    inner: Box<dyn Deliveries>,
}

#[async_trait]
impl Deliveries for ProcessDeliveries {
    /// No wait between taking and returning: a dropped future must lose nothing.
    async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.inner.next().await;
        let life = &self.life;
        if life.is_dead() {
            life.pass().await;
        }
        let delivery = delivery?;
        life.trace.call();
        // A journal line is not removed by reading: no effect could be lost.
        if let Some(offset) = delivery.offset {
            life.trace.line(format_args!("p{}", life.number), format_args!("read {offset}"));
            return Some(delivery);
        }
        Some(taken(life, delivery).await)
    }

    async fn cancel(&mut self) {
        self.life.pass().await;
        self.inner.cancel().await;
    }
}

async fn taken(life: &Arc<Life>, delivery: Delivery) -> Delivery {
    life.trace.line(
        format_args!("p{}", life.number),
        format_args!("take {} #{}", delivery.message.id, delivery.delivery_count),
    );
    life.point("after", "take").await;
    let id = delivery.message.id.clone();
    let settle = Box::new(ProcessReceipt { life: life.clone(), id, inner: delivery.settle });
    Delivery { settle, ..delivery }
}

struct ProcessReceipt {
    life: Arc<Life>,
    id: String,
    inner: Box<dyn Settle>,
}

#[async_trait]
impl Settle for ProcessReceipt {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        let Self { life, id, inner } = *self;
        life.before("ack", Weight::Effect).await;
        let fate = life.broker_fate();
        let done = match fate {
            // Dropped unsettled: it is delivered again, as after a lost connection.
            Fate::NoEffect => Err(silence()),
            Fate::Fine | Fate::NoAnswer => inner.ack().await,
        };
        life.after("ack", Weight::Effect, format!("{id} -> {done:?} {fate:?}")).await;
        if fate == Fate::Fine { done } else { Err(silence()) }
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        let Self { life, id, inner } = *self;
        life.before("requeue", Weight::Effect).await;
        let done = inner.requeue().await;
        life.after("requeue", Weight::Effect, format!("{id} -> {done:?}")).await;
        done
    }
}
