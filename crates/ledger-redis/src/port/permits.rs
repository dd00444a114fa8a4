use std::time::Duration;

use async_trait::async_trait;
use ports::{
    Fence, GrantTerms, HeldPermit, LedgerError, Permit, PermitReturn, Permits, Permitted, Usage,
};

use crate::{RedisLedger, permits};

#[async_trait]
impl Permits for RedisLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Result<Permitted, LedgerError> {
        permits::take(self, fence, permit, terms).await
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

    async fn usage(&self, pool: &str) -> Result<Usage, LedgerError> {
        permits::usage(self, pool).await
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        permits::held(self, pool).await
    }
}
