use async_trait::async_trait;
use job::SlotLimit;
use ports::{Fence, LedgerError, PoolSlots, SlotLimits};

use crate::{RedisLedger, slot_limits};

#[async_trait]
impl SlotLimits for RedisLedger {
    async fn pool_slots(&self, pool: &str) -> Result<PoolSlots, LedgerError> {
        slot_limits::pool_slots(self, pool).await
    }

    async fn change_slot_limit(
        &self,
        fence: &Fence,
        pool: &str,
        limit: &SlotLimit,
        version: u64,
    ) -> Result<bool, LedgerError> {
        slot_limits::change(self, fence, pool, limit, version).await
    }
}
