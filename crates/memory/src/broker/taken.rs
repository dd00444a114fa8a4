use async_trait::async_trait;
use ports::{Deliveries, Delivery, Handling, PublishError, Settle};

use super::MemoryBroker;
use super::consumer::Flow;
use super::queues::Parcel;

/// The deliveries of a consumer.
pub(super) struct Taken {
    pub(super) broker: MemoryBroker,
    pub(super) number: u64,
    /// The queue is deleted with its consumer.
    pub(super) private: bool,
}

#[async_trait]
impl Deliveries for Taken {
    async fn next(&mut self) -> Option<Delivery> {
        loop {
            let ring = {
                let mut queues = self.broker.queues();
                let consumer = queues.consumers.get_mut(&self.number)?;
                let (tag, flow) = (consumer.buffer.pop_front(), consumer.flow);
                match tag {
                    Some(tag) => {
                        let parcel = queues.held.get(&tag)?.parcel.clone();
                        return Some(handed(&self.broker, tag, parcel));
                    }
                    None if flow != Flow::Open => return None,
                    None => queues.ring_of(self.number)?,
                }
            };
            ring.notified().await;
        }
    }

    async fn cancel(&mut self) {
        if let Some(consumer) = self.broker.queues().consumers.get_mut(&self.number)
            && consumer.flow == Flow::Open
        {
            consumer.end(Flow::Stopped);
        }
    }
}

pub(super) fn handed(broker: &MemoryBroker, tag: u64, parcel: Parcel) -> Delivery {
    Delivery {
        message: parcel.message,
        routing_key: parcel.routing_key,
        redelivered: parcel.deliveries > 0,
        delivery_count: parcel.deliveries,
        offset: None,
        handling: Handling::untold(),
        settle: Box::new(Receipt { broker: broker.clone(), tag }),
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.broker.queues().remove_consumer(self.number, self.private);
    }
}

/// The right to settle one message; dropping it unused gives the message back.
struct Receipt {
    broker: MemoryBroker,
    tag: u64,
}

#[async_trait]
impl Settle for Receipt {
    async fn ack(self: Box<Self>) -> Result<(), PublishError> {
        let mut queues = self.broker.queues();
        let held = queues.settle(self.tag).ok_or_else(gone)?;
        queues.dispatch(&held.queue);
        Ok(())
    }

    async fn requeue(self: Box<Self>) -> Result<(), PublishError> {
        match self.broker.queues().give_back(self.tag) {
            true => Ok(()),
            false => Err(gone()),
        }
    }
}

fn gone() -> PublishError {
    PublishError::Unknown("the connection it came on is gone".to_owned())
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.broker.queues().give_back(self.tag);
    }
}
