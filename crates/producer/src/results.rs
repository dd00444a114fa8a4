use job::CloudEvent;
use ports::{Deliveries, Delivery, PublishError};

/// A subscription to events. Delivery is at least once: drop repeats by [`CloudEvent::id`].
pub struct Results {
    deliveries: Box<dyn Deliveries>,
}

/// An event, to be acknowledged once it has been used.
#[derive(Debug)]
pub struct ResultEvent {
    pub event: CloudEvent,
    delivery: Delivery,
}

impl Results {
    pub(crate) fn new(deliveries: Box<dyn Deliveries>) -> Self {
        Self { deliveries }
    }

    /// `None` when the connection is gone: subscribe again. Messages that are not our events are
    /// acknowledged and left out.
    pub async fn next(&mut self) -> Option<ResultEvent> {
        loop {
            let delivery = self.deliveries.next().await?;
            match serde_json::from_slice::<CloudEvent>(&delivery.message.body) {
                Ok(event) => return Some(ResultEvent { event, delivery }),
                Err(_) => drop(delivery.ack().await),
            }
        }
    }
}

impl Results {
    /// Ends the subscription and returns when the broker has every ack. A process that only exits
    /// may lose its last acks and get those events again.
    pub async fn close(mut self) {
        self.deliveries.cancel().await;
        while let Some(delivery) = self.deliveries.next().await {
            // If this fails, the delivery returns when the connection ends.
            drop(delivery.requeue().await);
        }
    }
}

impl ResultEvent {
    pub async fn ack(self) -> Result<(), PublishError> {
        self.delivery.ack().await
    }
}
