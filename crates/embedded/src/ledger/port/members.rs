use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use ports::{Fence, Following, Generation, LedgerError, Members, Standing};

use crate::ledger::fence::FenceCheck;
use crate::ledger::{FileLedger, fence, following, row};

#[async_trait]
impl Members for FileLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        let (ns, process) = (self.store.ns, self.store.process);
        self.write(move |tx| Ok(fence::join(tx, ns, process, began_at, lease)?)).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        let check = FenceCheck::of(fence, self.store.ns, self.store.process);
        self.fenced(fence, move |tx| Ok(fence::renew(tx, &check, lease)?)).await
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        let check = FenceCheck::of(fence, self.store.ns, self.store.process);
        self.write(move |tx| Ok(fence::leave(tx, &check)?)).await
    }

    async fn any_alive(&self) -> Result<bool, LedgerError> {
        let ns = self.store.ns;
        self.read(move |sql| Ok(fence::any_alive(sql, ns, row::now())?)).await
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        let ns = self.store.ns;
        self.read(move |sql| Ok(fence::generation(sql, ns)?)).await
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        let ns = self.store.ns;
        self.read(move |sql| Ok(fence::opens_at(sql, ns)?)).await
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.write(move |tx| Ok(following::distrust(tx, ns)?)).await
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        let (ns, owner) = (self.store.ns, fence.owner.clone());
        self.fenced(fence, move |tx| Ok(following::follow(tx, ns, &owner)?)).await
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.fenced(fence, move |tx| Ok(following::followed(tx, ns, next)?)).await
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.fenced(fence, move |tx| Ok(following::lost(tx, ns)?)).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        let ns = self.store.ns;
        self.fenced(fence, move |tx| Ok(following::open(tx, ns, at)?)).await
    }
}
