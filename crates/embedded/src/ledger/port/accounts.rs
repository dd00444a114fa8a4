use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{AccountTask, Accounts, Fence, LedgerError, NamedPause, Pause, TASK_SLACK, Witness};

use crate::ledger::{FileLedger, pauses, proposals, row, witnesses};

#[async_trait]
impl Accounts for FileLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        let body = row::to_json(&account, pause)?;
        self.write(move |tx| Ok(pauses::set(tx, ns, &account, &body)?)).await
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        let (ns, asked) = (self.store.ns, account.to_owned());
        let body = self.read(move |sql| Ok(pauses::get(sql, ns, &asked)?)).await?;
        body.map(|body| row::from_json(account, body.as_bytes())).transpose()
    }

    async fn pauses(&self, account: &str) -> Result<Vec<NamedPause>, LedgerError> {
        let ns = self.store.ns;
        let all = self.read(move |sql| Ok(pauses::all(sql, ns)?)).await?;
        let read = all.into_iter().map(|(name, body)| {
            let pause = row::from_json(&name, body.as_bytes())?;
            Ok(NamedPause { name, pause })
        });
        let readable = read.filter_map(|pause| self.unreadable.skip(pause));
        Ok(readable.filter(|pause| pause.is_of(account)).collect())
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        self.write(move |tx| Ok(pauses::clear(tx, ns, &account)?)).await
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        let (ns, account) = (self.store.ns, account.to_owned());
        let operation = witness.operation.as_str().to_owned();
        let body = row::to_json(&account, witness)?;
        self.write(move |tx| Ok(witnesses::set(tx, ns, &account, &operation, &body)?)).await
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        let (ns, asked) = (self.store.ns, account.to_owned());
        let bodies = self.read(move |sql| Ok(witnesses::all(sql, ns, &asked)?)).await?;
        let read = bodies.iter().map(|body| row::from_json(account, body.as_bytes()));
        Ok(read.filter_map(|witness| self.unreadable.skip(witness)).collect())
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        let (ns, key, task) = (self.store.ns, key.to_string(), task_id.to_owned());
        self.write(move |tx| Ok(proposals::add(tx, ns, &key, round, &task, keep_for)?)).await
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        let (ns, key) = (self.store.ns, key.to_string());
        self.read(move |sql| Ok(proposals::of(sql, ns, &key, round, row::now())?)).await
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        let (ns, task, key) = (self.store.ns, task.clone(), key.to_string());
        let keep_for = self.store.retention.saturating_add(TASK_SLACK);
        self.fenced(fence, move |tx| {
            Ok(proposals::claim_task(tx, ns, &task, &key, round, keep_for)?)
        })
        .await
    }

    async fn task_owner(&self, task: &AccountTask) -> Result<Option<JobKey>, LedgerError> {
        let (ns, task) = (self.store.ns, task.clone());
        let owner = self.read(move |sql| Ok(proposals::owner(sql, ns, &task, row::now())?)).await?;
        // A name that cannot be read is no owner.
        Ok(owner.and_then(|key| JobKey::parse(&key)))
    }
}
