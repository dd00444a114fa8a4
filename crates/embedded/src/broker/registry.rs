use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use super::consumer::Consumer;
use crate::error::{Error, StoreError};

/// A consumer and the queue that it consumes.
pub(super) type Entry = (i64, Weak<Consumer>);

/// New consumers, until the writer thread takes them.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    entries: Vec<Entry>,
    closed: bool,
}

impl Registry {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add<E>(&self, queue: i64, consumer: Weak<Consumer>) -> Result<(), Error<E>> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err(Error::Store(StoreError::closed()));
        }
        waiting.entries.push((queue, consumer));
        Ok(())
    }

    pub(super) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.waiting().entries)
    }

    /// Refuses later consumers.
    pub(super) fn close(&self) -> Vec<Entry> {
        let mut waiting = self.waiting();
        waiting.closed = true;
        std::mem::take(&mut waiting.entries)
    }
}

#[cfg(test)]
mod tests {
    use ports::BrokerError;

    use super::*;

    #[test]
    fn a_consumer_that_comes_after_the_close_is_refused_and_does_not_wait_for_ever() {
        let registry = Registry::default();
        registry.add::<BrokerError>(1, Weak::new()).unwrap();
        assert_eq!(registry.close().len(), 1, "those that wait are cut by the caller");
        assert!(registry.add::<BrokerError>(1, Weak::new()).is_err());
        assert!(registry.take().is_empty());
    }
}
