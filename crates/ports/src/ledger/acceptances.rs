//! Jobs that a gateway has accepted, until a worker records them.

use std::time::Duration;

use async_trait::async_trait;
use job::{Acceptance, JobKey, Timestamp};

use super::LedgerError;

/// The idempotency keys of the gateway. They are lost with the data of the ledger: then a repeated
/// request publishes a second message, with another publish time.
#[async_trait]
pub trait Acceptances: Send + Sync + 'static {
    /// Keeps this for `keep_for`, unless the job has one that was accepted at `since` or later.
    /// Returns the one that it has now.
    async fn accept(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
        since: Timestamp,
        keep_for: Duration,
    ) -> Result<Acceptance, LedgerError>;

    async fn acceptance(&self, key: &JobKey) -> Result<Option<Acceptance>, LedgerError>;

    /// Notes that exactly this one is published, if the job still has it.
    async fn mark_published(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
    ) -> Result<(), LedgerError>;
}
