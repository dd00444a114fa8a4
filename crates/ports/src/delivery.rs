use std::fmt;

use async_trait::async_trait;
use job::Reached;

use crate::{Handling, Message, PublishError, header};

/// How one implementation settles a message. Dropped unsettled, it gives the message back.
#[async_trait]
pub trait Settle: Send + Sync {
    /// Done with it. `Unknown` when the connection it came on is gone: it will come again.
    async fn ack(self: Box<Self>) -> Result<(), PublishError>;
    /// Gives it back at once. Raises its delivery count: never a way to wait.
    async fn requeue(self: Box<Self>) -> Result<(), PublishError>;
}

/// A message taken, to be settled exactly once, by value.
pub struct Delivery {
    pub message: Message,
    pub routing_key: String,
    /// It may have been seen before; `false` guarantees that it was not.
    pub redelivered: bool,
    /// How often it was given back or its holder died.
    pub delivery_count: u32,
    /// Its place in the journal; `None` elsewhere.
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

    /// How far the job may have come by this message. One that was given back may have been sent
    /// by whoever had it.
    pub fn reached(&self) -> Reached {
        match self.redelivered {
            true => Reached::Provider,
            false => self.message.reached(),
        }
    }

    /// The next copy tells that this intent was written, if at all, and not sent.
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
