use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{Claimed, Due, Fence, LedgerError, OutboxEntry, OutboxId, Stored};

use crate::{RedisLedger, claims, outbox};

#[async_trait]
impl Due for RedisLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        claims::due(self, fence, limit, lease).await
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        claims::look_now(self, key).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        claims::outbox(self, fence, limit, lease).await
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        outbox::announced(self, fence, ids).await
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        outbox::postpone(self, fence, id, wait).await
    }
}
