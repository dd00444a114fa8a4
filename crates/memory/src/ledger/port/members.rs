use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use ports::{Fence, Following, Generation, LedgerError, Members, Standing};

use crate::ledger::MemoryLedger;

#[async_trait]
impl Members for MemoryLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        Ok(self.contents().join(began_at, lease))
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        Ok(self.writing(fence)?.renew(&fence.owner, lease))
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        self.contents().leave(&fence.owner);
        Ok(())
    }

    async fn any_alive(&self) -> Result<bool, LedgerError> {
        Ok(self.contents().any_alive())
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        Ok(self.contents().generation.clone())
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        let contents = self.contents();
        Ok(contents.generation.as_ref().and(contents.opens_at))
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        self.contents().distrust();
        Ok(())
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        Ok(self.writing(fence)?.follow(&fence.owner))
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        self.writing(fence)?.followed = Some(next);
        Ok(())
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        self.writing(fence)?.lost = true;
        Ok(())
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        self.writing(fence)?.opens_at.get_or_insert(at);
        Ok(())
    }
}
