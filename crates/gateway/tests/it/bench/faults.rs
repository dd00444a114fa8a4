//! A broker, a ledger and a clock that do what a test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use job::{JobKey, Timestamp};
use ports::{
    Broker, BrokerLayer, Clock, Cursor, Destination, Ledger, LedgerError, LedgerLayer, ListFilter,
    Message, Page, PublishError, Stored, SystemClock,
};
use tokio::sync::{Notify, watch};

/// A broker with faults.
pub(super) struct Faulty {
    pub(super) broker: Arc<dyn Broker>,
    pub(super) fault: Arc<AtomicU8>,
    pub(super) held: Arc<Held>,
}

/// A publish that waits until it is let go.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) begun: Notify,
    pub(crate) let_go: Notify,
}

pub(crate) const NONE: u8 = 0;
/// It is known to take nothing.
pub(crate) const AWAY: u8 = 1;
pub(crate) const REFUSES: u8 = 2;
/// It takes the message, and its answer is lost.
pub(crate) const SILENT: u8 = 3;
pub(crate) const HELD: u8 = 4;

impl BrokerLayer for Faulty {
    fn inner(&self) -> &dyn Broker {
        self.broker.as_ref()
    }

    fn takes_messages(&self) -> bool {
        self.fault.load(Ordering::SeqCst) != AWAY
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        match self.fault.load(Ordering::SeqCst) {
            AWAY => panic!("it was known to take nothing"),
            REFUSES => Err(PublishError::Refused("full".to_owned())),
            fault => {
                if fault == HELD {
                    self.held.begun.notify_one();
                    self.held.let_go.notified().await;
                }
                self.broker.publish(to, message).await?;
                match fault {
                    SILENT => Err(PublishError::Unknown("no answer".to_owned())),
                    _ => Ok(()),
                }
            }
        }
    }
}

/// A ledger whose lists wait while they are held.
pub(super) struct Listing {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) open: watch::Receiver<bool>,
    pub(super) asked: Arc<Notify>,
    pub(super) loads: Arc<AtomicUsize>,
    pub(super) is_away: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl LedgerLayer for Listing {
    fn inner(&self) -> &dyn Ledger {
        self.ledger.as_ref()
    }

    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError> {
        let mut open = self.open.clone();
        let _ = open.wait_for(|open| *open).await;
        self.ledger.page(filter, after).await
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(LedgerError::Unavailable("away".to_owned())),
            false => self.ledger.load(key).await,
        }
    }

    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        self.asked.notify_waiters();
        self.ledger.revisions(keys).await
    }
}

/// A second later whenever it is read.
pub(crate) struct Ticking(pub(super) AtomicI64);

#[async_trait::async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1000, Ordering::SeqCst))
    }

    fn jitter(&self) -> f64 {
        SystemClock.jitter()
    }

    fn fresh_id(&self) -> uuid::Uuid {
        SystemClock.fresh_id()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}
