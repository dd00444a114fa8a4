use std::fmt;

use async_trait::async_trait;
use job::Reached;

use crate::{Handling, Message, PublishError, header};

/// How one implementation settles a message. Dropped unsettled, it gives the message back.
#[async_trait]
pub trait Settle: Send + Sync {
    /// Acknowledges it. `Unknown` if its connection is gone: it will be delivered again.
    async fn ack(self: Box<Self>) -> Result<(), PublishError>;
    /// Gives it back at once. Raises its delivery count, so not for waiting.
    async fn requeue(self: Box<Self>) -> Result<(), PublishError>;
}

/// A message that was taken, to be settled exactly once, by value.
pub struct Delivery {
    pub message: Message,
    pub routing_key: String,
    /// It may have been delivered before; `false` guarantees that it was not.
    pub redelivered: bool,
    /// How often it was given back, or its consumer died; at least the deaths.
    pub delivery_count: u32,
    /// Its offset in the journal; `None` elsewhere.
    pub offset: Option<u64>,
    pub handling: Handling,
    pub settle: Box<dyn Settle>,
}

impl Delivery {
    pub async fn ack(self) -> Result<(), PublishError> {
        self.settle.ack().await
    }

    pub async fn requeue(self) -> Result<(), PublishError> {
        self.settle.requeue().await
    }

    /// How far the job may have come with this message. A worker that gave it back may have sent
    /// it.
    pub fn reached(&self) -> Reached {
        match self.redelivered {
            true => Reached::Provider,
            false => self.message.reached(),
        }
    }

    /// Of a queue whose jobs are never sent with a delivery: whoever had it before did not send it.
    #[must_use]
    pub fn not_sent_before(mut self) -> Self {
        self.redelivered = false;
        self
    }

    /// Adds to the next copy that this intent, if it was written, was not sent.
    #[must_use]
    pub fn unsent(mut self, intent: &str) -> Self {
        self.message = self.message.header(header::UNSENT, intent);
        self
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("message", &self.message.id)
            .field("routing_key", &self.routing_key)
            .field("redelivered", &self.redelivered)
            .field("delivery_count", &self.delivery_count)
            .finish_non_exhaustive()
    }
}
