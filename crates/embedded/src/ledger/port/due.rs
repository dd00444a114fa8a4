use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{Claimed, Due, Fence, LedgerError, OutboxEntry, OutboxId, Stored};

use crate::ledger::{FileLedger, due, outbox, row};

#[async_trait]
impl Due for FileLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        let (ns, process) = (self.store.ns, self.store.process);
        let claimed =
            self.fenced(fence, move |tx| Ok(due::claim(tx, ns, process, limit, lease)?)).await?;
        let items = claimed.items.into_iter().map(row::Keyed::decode);
        Ok(Claimed {
            items: items.filter_map(|item| self.unreadable.skip(item)).collect(),
            now: claimed.now,
            next: claimed.next,
        })
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        let (ns, key) = (self.store.ns, key.to_string());
        self.write(move |tx| Ok(due::look_now(tx, ns, &key)?)).await
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        let (ns, process) = (self.store.ns, self.store.process);
        let claimed =
            self.fenced(fence, move |tx| Ok(outbox::claim(tx, ns, process, limit, lease)?)).await?;
        let items = claimed.items.into_iter().map(outbox::RawEntry::decode);
        Ok(Claimed {
            items: items.filter_map(|item| self.unreadable.skip(item)).collect(),
            now: claimed.now,
            next: claimed.next,
        })
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        let (ns, retention, ids) = (self.store.ns, self.store.retention, ids.to_vec());
        self.fenced(fence, move |tx| {
            for id in &ids {
                outbox::announced(tx, ns, id, retention)?;
            }
            Ok(())
        })
        .await
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        let (ns, id) = (self.store.ns, id.clone());
        self.fenced(fence, move |tx| Ok(outbox::postpone(tx, ns, &id, wait)?)).await
    }
}
