//! Publishing a delivery again elsewhere before it is settled.

use job::{Reached, Reason, RetryDelay, Timestamp};

use crate::{Broker, Delivery, Destination, PublishError, header};

impl Delivery {
    /// Publishes a copy that returns after this delay, then acknowledges. A crash in between leaves
    /// both; by the record they are one job. The copy's header for how far the job may have come is
    /// never lowered.
    pub async fn later(
        self,
        broker: &dyn Broker,
        delay: RetryDelay,
        reached: Reached,
    ) -> Result<(), PublishError> {
        let reached = reached.max(self.reached());
        let retries = self.message.retries().saturating_add(1);
        let mut message = self.message.header(header::RETRIES, retries.to_string());
        if reached > Reached::Nothing {
            message = message.header(header::REACHED, reached.word());
        }
        let to = Destination::Later { delay, routing_key: self.routing_key };
        broker.publish(&to, message.fitted()).await?;
        self.settle.ack().await
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
