use async_trait::async_trait;
use job::SlotLimit;
use ports::{Fence, LedgerError, PoolSlots, SlotLimits};

use crate::ledger::{FileLedger, permits, row, slot_limits};

#[async_trait]
impl SlotLimits for FileLedger {
    async fn pool_slots(&self, pool: &str) -> Result<PoolSlots, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        self.read(move |sql| {
            let (limit, version) = slot_limits::stored(sql, ns, &pool)?;
            let used = permits::used(sql, ns, &pool)?;
            Ok(PoolSlots { limit, version, used, now: row::now() })
        })
        .await
    }

    async fn change_slot_limit(
        &self,
        fence: &Fence,
        pool: &str,
        limit: &SlotLimit,
        version: u64,
    ) -> Result<bool, LedgerError> {
        let (ns, body, pool) = (self.store.ns, row::to_json(pool, limit)?, pool.to_owned());
        let limit = limit.clone();
        self.fenced(fence, move |tx| {
            Ok(slot_limits::change(tx, ns, &pool, &limit, &body, version)?)
        })
        .await
    }
}
