//! The ledger port on plain maps.

mod acceptances;
mod activity;
mod allowances;
mod contents;
mod due;
mod following;
mod manual_pauses;
mod membership;
mod outbox;
mod permits;
mod pool;
mod port;
mod proposals;
mod rates;
mod records;
mod room;
mod slot_limits;
mod spending;
mod waiting;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ports::{Fence, Ledger, LedgerError};

pub use contents::{Contents, Row};
use tokio::sync::Notify;

use crate::time::StoreTime;

/// The ledger in memory. Every call is one atomic step.
#[derive(Debug)]
pub struct MemoryLedger {
    contents: Mutex<Contents>,
    /// Counts the moments at which slots may have become free for waiting jobs.
    freed: AtomicU64,
    /// Wakes in the order of waiting, so that a simulation can be repeated; a watch channel wakes in
    /// random order.
    changed: Notify,
    time: StoreTime,
}

impl MemoryLedger {
    /// An empty ledger whose closed records expire after `retention`.
    pub fn new(time: StoreTime, retention: Duration) -> Self {
        Self {
            contents: Mutex::new(Contents::new(retention)),
            freed: AtomicU64::new(1),
            changed: Notify::new(),
            time,
        }
    }

    /// The present contents, without expired records.
    pub fn contents(&self) -> MutexGuard<'_, Contents> {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.wind(self.time.now());
        contents
    }

    /// Slots may be free for those that wait.
    fn wake(&self, contents: &mut Contents) {
        if std::mem::take(&mut contents.freed) && contents.waits_anywhere() {
            self.freed.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
        }
    }

    fn writing(&self, fence: &Fence) -> Result<MutexGuard<'_, Contents>, LedgerError> {
        let contents = self.contents();
        contents.check(fence)?;
        Ok(contents)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}
