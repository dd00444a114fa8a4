use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Tenant, WaitingCount};
use ports::{
    Fence, GrantTerms, Granted, LedgerError, Permit, Place, TenantWaiting, Waiter, WaitingRoom,
};

use crate::{RedisLedger, waiting};

#[async_trait]
impl WaitingRoom for RedisLedger {
    async fn enter(&self, fence: &Fence, waiters: &[Waiter]) -> Result<(), LedgerError> {
        waiting::enter(self, fence, waiters).await
    }

    async fn grant(
        &self,
        fence: &Fence,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Result<Granted, LedgerError> {
        waiting::grant(self, fence, pool, terms, most, lease).await
    }

    async fn confirm(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError> {
        waiting::confirm(self, fence, permits).await
    }

    async fn withdraw(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError> {
        waiting::withdraw(self, fence, permits).await
    }

    async fn overdue_grants(&self, pool: &str) -> Result<Vec<Waiter>, LedgerError> {
        waiting::overdue_grants(self, pool).await
    }

    async fn place(
        &self,
        pool: &str,
        key: &JobKey,
        round: u32,
    ) -> Result<Option<Place>, LedgerError> {
        waiting::place(self, pool, key, round).await
    }

    async fn waiting(&self, pool: &str, most: usize) -> Result<Vec<TenantWaiting>, LedgerError> {
        waiting::waiting(self, pool, most).await
    }

    async fn waiters(
        &self,
        pool: &str,
        tenant: &Tenant,
        most: usize,
    ) -> Result<Vec<Waiter>, LedgerError> {
        waiting::waiters(self, pool, tenant, most).await
    }

    async fn count_waiting(
        &self,
        pool: &str,
        tenant: &Tenant,
    ) -> Result<WaitingCount, LedgerError> {
        waiting::count(self, pool, tenant).await
    }

    async fn slots_freed(&self, seen: u64, most: Duration) -> Result<u64, LedgerError> {
        Ok(self.links.listener().wait(seen, most).await)
    }
}
