//! The broker port on plain queues.

mod connection;
mod consumer;
mod disorder;
mod journal;
mod queues;
mod taken;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use connection::Connection;
pub use disorder::Disorder;
pub use queues::{Parcel, Queues};

/// The broker in memory. Each user has a connection that can be cut.
#[derive(Clone, Debug)]
pub struct MemoryBroker {
    queues: Arc<Mutex<Queues>>,
}

impl MemoryBroker {
    /// Delivers in order.
    pub fn new() -> Self {
        Self { queues: Arc::new(Mutex::new(Queues::new(None))) }
    }

    /// Delivers one of the next few messages, not always the first.
    pub fn disorderly(disorder: Disorder) -> Self {
        Self { queues: Arc::new(Mutex::new(Queues::new(Some(disorder)))) }
    }

    /// The longest time that a message stays in a lane, as with a policy of RabbitMQ.
    pub fn keep_for(&self, lifetime: Option<Duration>) {
        self.queues().lifetime = lifetime;
    }

    /// Opens a connection.
    pub fn connect(&self) -> Connection {
        let number = self.queues().name();
        Connection { broker: self.clone(), number }
    }

    pub fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::new()
    }
}
