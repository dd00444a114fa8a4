use job::CloudEvent;
use ports::{Deliveries, Delivery, PublishError};

/// Events as they come. At least once: drop repeats by [`CloudEvent::id`].
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

    /// `None` when the connection is gone: subscribe again. What is no event of ours is
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
    /// Ends the subscription in order: only then is it sure that the broker has every ack. A
    /// process that just ends may take its last ones with it, and hears those events again.
    pub async fn close(mut self) {
        self.deliveries.cancel().await;
        while let Some(delivery) = self.deliveries.next().await {
            // What cannot be given back now comes back with the connection.
            drop(delivery.requeue().await);
        }
    }
}

impl ResultEvent {
    pub async fn ack(self) -> Result<(), PublishError> {
        self.delivery.ack().await
    }
}
