use std::time::Duration;

use async_trait::async_trait;
use job::{Acceptance, JobKey, Timestamp};
use ports::{Acceptances, LedgerError};

use crate::ledger::{FileLedger, acceptances, row};

#[async_trait]
impl Acceptances for FileLedger {
    async fn accept(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
        since: Timestamp,
        keep_for: Duration,
    ) -> Result<Acceptance, LedgerError> {
        let (ns, name, body) =
            (self.store.ns, key.to_string(), row::to_json(&key.to_string(), acceptance)?);
        let kept = self
            .write(move |tx| Ok(acceptances::accept(tx, ns, &name, &body, since, keep_for)?))
            .await?;
        row::from_json(&key.to_string(), kept.as_bytes())
    }

    async fn acceptance(&self, key: &JobKey) -> Result<Option<Acceptance>, LedgerError> {
        let (ns, name) = (self.store.ns, key.to_string());
        let kept = self.read(move |sql| Ok(acceptances::of(sql, ns, &name, row::now())?)).await?;
        kept.map(|body| row::from_json(&key.to_string(), body.as_bytes())).transpose()
    }

    async fn mark_published(
        &self,
        key: &JobKey,
        acceptance: &Acceptance,
    ) -> Result<(), LedgerError> {
        let (ns, name) = (self.store.ns, key.to_string());
        let body = row::to_json(&name, acceptance)?;
        let published = row::to_json(&name, &acceptance.clone().published())?;
        self.write(move |tx| Ok(acceptances::replace(tx, ns, &name, &body, &published)?)).await
    }
}
