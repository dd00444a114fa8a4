use async_trait::async_trait;
use job::{ManualPause, PauseScope};
use ports::{LedgerError, ManualPauses};

use crate::{RedisLedger, manual_pauses};

#[async_trait]
impl ManualPauses for RedisLedger {
    async fn pause_by_hand(&self, account: &str, pause: &ManualPause) -> Result<bool, LedgerError> {
        manual_pauses::pause(self, account, pause).await
    }

    async fn resume_by_hand(&self, account: &str, scope: &PauseScope) -> Result<bool, LedgerError> {
        manual_pauses::resume(self, account, scope).await
    }

    async fn paused_by_hand(&self, account: &str) -> Result<Vec<ManualPause>, LedgerError> {
        manual_pauses::paused(self, account).await
    }
}
