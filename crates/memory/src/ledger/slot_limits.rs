//! How many slots of a pool are used.

use async_trait::async_trait;
use job::{SlotLimit, Timestamp};
use ports::{Fence, LedgerError, Limits, PoolSlots, SlotLimits};

use super::{Contents, MemoryLedger};

#[async_trait]
impl SlotLimits for MemoryLedger {
    async fn pool_slots(&self, pool: &str) -> Result<PoolSlots, LedgerError> {
        let contents = self.contents();
        let (limit, version) = contents.slot_limits.get(pool).cloned().unzip();
        let (used, now) = (contents.used(pool), contents.now);
        Ok(PoolSlots { limit, version: version.unwrap_or(0), used, now })
    }

    async fn change_slot_limit(
        &self,
        fence: &Fence,
        pool: &str,
        limit: &SlotLimit,
        version: u64,
    ) -> Result<bool, LedgerError> {
        let mut contents = self.writing(fence)?;
        let stored = contents.slot_limits.get(pool);
        let present = stored.map_or(0, |(_, version)| *version);
        if present == version {
            contents.freed = stored.is_none_or(|(before, _)| limit.allows_more_than(before));
            contents.slot_limits.insert(pool.to_owned(), (limit.clone(), version + 1));
            self.wake(&mut contents);
        }
        Ok(present == version)
    }
}

impl Contents {
    /// What applies now.
    pub(super) fn limits_now(&self, pool: &str, limits: &Limits) -> Limits {
        let found = self.slot_limits.get(pool).map(|(limit, _)| limit);
        Limits { concurrency: limits.now(found), ..*limits }
    }

    /// `None`: the pool is not paused, or has no limit.
    pub(super) fn paused_until(&self, pool: &str, limits: &Limits) -> Option<Timestamp> {
        let (limit, _) = self.slot_limits.get(pool).filter(|_| limits.concurrency > 0)?;
        limit.is_paused(self.now).then_some(limit.paused_until)
    }
}
