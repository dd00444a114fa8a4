use std::sync::atomic::{AtomicU64, Ordering};

use crate::accounts::CallbackCounts;

/// Callbacks counted by what became of them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(super) sent: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) withheld: AtomicU64,
    pub(super) forged: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn counts(&self) -> CallbackCounts {
        CallbackCounts {
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            withheld: self.withheld.load(Ordering::Relaxed),
            forged: self.forged.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn reset(&self) {
        for counter in [&self.sent, &self.failed, &self.refused, &self.withheld, &self.forged] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}
