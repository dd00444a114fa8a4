use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{AccountTask, Accounts, Fence, LedgerError, NamedPause, Pause, Witness};

use crate::{RedisLedger, permits, proposals, witnesses};

#[async_trait]
impl Accounts for RedisLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        permits::pause(self, account, pause).await
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        permits::paused(self, account).await
    }

    async fn pauses(&self, account: &str) -> Result<Vec<NamedPause>, LedgerError> {
        permits::pauses(self, account).await
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        permits::resume(self, account).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        witnesses::put(self, account, witness).await
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        witnesses::all(self, account).await
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        proposals::propose(self, key, round, task_id, keep_for).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        proposals::of(self, key, round).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        proposals::claim_task(self, fence, task, key, round).await
    }

    async fn task_owner(&self, task: &AccountTask) -> Result<Option<JobKey>, LedgerError> {
        proposals::task_owner(self, task).await
    }
}
