use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use ports::{Fence, Following, Generation, LedgerError, Members, Standing};

use crate::{RedisLedger, following, membership};

#[async_trait]
impl Members for RedisLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        membership::join(self, began_at, lease).await
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        membership::renew(self, fence, lease).await
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        membership::leave(self, fence).await
    }

    async fn any_alive(&self) -> Result<bool, LedgerError> {
        membership::any_alive(self).await
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        membership::generation(self).await
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        membership::opens_at(self).await
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        following::distrust(self).await
    }

    async fn follow(&self, fence: &Fence) -> Result<Option<Following>, LedgerError> {
        following::follow(self, fence).await
    }

    async fn followed(&self, fence: &Fence, next: u64) -> Result<(), LedgerError> {
        following::followed(self, fence, next).await
    }

    async fn lost(&self, fence: &Fence) -> Result<(), LedgerError> {
        following::lost(self, fence).await
    }

    async fn open(&self, fence: &Fence, at: Timestamp) -> Result<(), LedgerError> {
        following::open(self, fence, at).await
    }
}
