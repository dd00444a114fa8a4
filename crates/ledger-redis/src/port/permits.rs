use std::time::Duration;

use async_trait::async_trait;
use ports::{Fence, HeldPermit, LedgerError, Limits, Permit, PermitReturn, Permits, Permitted};

use crate::{RedisLedger, permits};

#[async_trait]
impl Permits for RedisLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError> {
        permits::take(self, fence, permit, limits).await
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        permits::give(self, fence, returns).await
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        permits::take_turn(self, fence, pool, lasts).await
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        permits::end_turn(self, fence, pool).await
    }

    async fn used(&self, pool: &str) -> Result<u32, LedgerError> {
        permits::used(self, pool).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        permits::held(self, pool).await
    }
}
