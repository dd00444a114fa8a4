use std::time::Duration;

use async_trait::async_trait;
use job::{Acceptance, JobKey, Timestamp};
use ports::{Acceptances, LedgerError};

use crate::{RedisLedger, acceptances};

#[async_trait]
impl Acceptances for RedisLedger {
    async fn accept(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
        since: Timestamp,
        keep_for: Duration,
    ) -> Result<Acceptance, LedgerError> {
        acceptances::accept(self, key, acceptance, since, keep_for).await
    }

    async fn acceptance(&self, key: &JobKey) -> Result<Option<Acceptance>, LedgerError> {
        acceptances::of(self, key).await
    }

    async fn mark_published(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
    ) -> Result<(), LedgerError> {
        acceptances::mark_published(self, key, acceptance).await
    }
}
