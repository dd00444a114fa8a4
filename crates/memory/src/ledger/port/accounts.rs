use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{AccountTask, Accounts, Fence, LedgerError, NamedPause, Pause, Witness};

use crate::ledger::MemoryLedger;

#[async_trait]
impl Accounts for MemoryLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        self.contents().pauses.insert(account.to_owned(), pause.clone());
        Ok(())
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        Ok(self.contents().pauses.get(account).cloned())
    }

    async fn pauses(&self, account: &str) -> Result<Vec<NamedPause>, LedgerError> {
        let contents = self.contents();
        let all = contents.pauses.iter();
        let named =
            all.map(|(name, pause)| NamedPause { name: name.clone(), pause: pause.clone() });
        Ok(named.filter(|named| named.is_of(account)).collect())
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        self.contents().pauses.remove(account);
        Ok(())
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        let of = (account.to_owned(), witness.operation.clone());
        self.contents().witnesses.insert(of, witness.clone());
        Ok(())
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        let contents = self.contents();
        let of_account = contents.witnesses.iter().filter(|((of, _), _)| of == account);
        Ok(of_account.map(|(_, witness)| witness.clone()).collect())
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        self.contents().propose(key, round, task_id, keep_for);
        Ok(())
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        Ok(self.contents().proposals(key, round))
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        Ok(self.writing(fence)?.claim_task(task, key, round))
    }

    async fn task_owner(&self, task: &AccountTask) -> Result<Option<JobKey>, LedgerError> {
        Ok(self.contents().task_owner(task))
    }
}
