use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{Claimed, Due, Fence, LedgerError, OutboxEntry, OutboxId, Stored};

use crate::ledger::MemoryLedger;

#[async_trait]
impl Due for MemoryLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        Ok(self.writing(fence)?.claim_due(limit, lease))
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        self.contents().look_now(key);
        Ok(())
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        Ok(self.writing(fence)?.claim_outbox(limit, lease))
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        ids.iter().for_each(|id| contents.announced(id));
        Ok(())
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        self.writing(fence)?.postpone(id, wait);
        Ok(())
    }
}
