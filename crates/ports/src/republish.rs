//! Publishing a delivery again elsewhere before it is settled.

use job::{OverflowQueue, Reached, Reason, RetryDelay, Timestamp};

use crate::{Broker, Delivery, Destination, Message, PublishError, header};

impl Delivery {
    /// Publishes a copy that returns after this delay, then acknowledges. A crash in between leaves
    /// both; by the record they are one job. The copy's header for how far the job may have come is
    /// never lowered.
    pub async fn later(
        mut self,
        broker: &dyn Broker,
        delay: RetryDelay,
        reached: Reached,
    ) -> Result<(), PublishError> {
        let retries = self.message.retries().saturating_add(1);
        self.message = self.message.header(header::RETRIES, retries.to_string());
        let to = Destination::Later { delay, routing_key: self.routing_key.clone() };
        broker.publish(&to, self.copy(reached).fitted()).await?;
        self.settle.ack().await
    }

    /// Publishes a copy to this queue. The delivery is still to be settled, whatever the answer: two
    /// copies are one job.
    pub async fn copy_to(
        &self,
        broker: &dyn Broker,
        queue: OverflowQueue,
    ) -> Result<(), PublishError> {
        let to = Destination::Overflow { queue, routing_key: self.routing_key.clone() };
        broker.publish(&to, self.copy(Reached::Nothing).fitted()).await
    }

    fn copy(&self, reached: Reached) -> Message {
        let (reached, message) = (reached.max(self.reached()), self.message.clone());
        match reached > Reached::Nothing {
            true => message.header(header::REACHED, reached.word()),
            false => message,
        }
    }

    /// Publishes the original bytes to the dead letters with the reason and how far the job may have
    /// come, then acknowledges.
    pub async fn park(
        self,
        broker: &dyn Broker,
        reason: &Reason,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let reached = self.reached();
        let message = self
            .message
            .header(header::REACHED, reached.word())
            .header(header::REASON, reason.word())
            .header(header::DETAIL, clip(&reason.to_string()))
            .header(header::ROUTING_KEY, self.routing_key.as_str())
            .header(header::DEAD_AT, now.as_millis().to_string());
        let to = Destination::Dead { routing_key: self.routing_key };
        broker.publish(&to, message.fitted()).await?;
        self.settle.ack().await
    }
}

/// Details are only for reading, so they may be cut.
fn clip(text: &str) -> String {
    const MOST: usize = 2000;
    text.chars().take(MOST).collect()
}
