//! The broker door on plain queues.

mod door;
mod journal;
mod shelf;
mod taken;
mod tap;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use door::Connection;
pub(crate) use shelf::{Parcel, Shelf};

use crate::chance::Chance;

/// How words travel, in memory. Who speaks to it has a connection that can be cut.
#[derive(Clone, Debug)]
pub struct WorldBroker {
    shelf: Arc<Mutex<Shelf>>,
}

impl WorldBroker {
    /// Delivers in order.
    pub fn new() -> Self {
        Self { shelf: Arc::new(Mutex::new(Shelf::new(None))) }
    }

    /// Delivers in any order.
    pub fn disorderly(chance: Chance) -> Self {
        Self { shelf: Arc::new(Mutex::new(Shelf::new(Some(chance)))) }
    }

    /// A lane keeps no message longer, as under a policy of the broker's.
    pub(crate) fn keep_for(&self, lifetime: Option<Duration>) {
        self.shelf().lifetime = lifetime;
    }

    /// A connection of its own.
    pub fn connect(&self) -> Connection {
        let number = self.shelf().name();
        Connection { broker: self.clone(), number }
    }

    pub(crate) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for WorldBroker {
    fn default() -> Self {
        Self::new()
    }
}
