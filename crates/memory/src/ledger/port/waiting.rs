use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Tenant, WaitingCount};
use ports::{
    Fence, GrantTerms, Granted, LedgerError, Permit, Place, TenantWaiting, Waiter, WaitingRoom,
};
use tokio::time::timeout;

use crate::ledger::MemoryLedger;

#[async_trait]
impl WaitingRoom for MemoryLedger {
    async fn enter(&self, fence: &Fence, waiters: &[Waiter]) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        waiters.iter().for_each(|waiter| contents.enter(waiter));
        self.wake(&mut contents);
        Ok(())
    }

    async fn grant(
        &self,
        fence: &Fence,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Result<Granted, LedgerError> {
        let mut contents = self.writing(fence)?;
        let granted = contents.grant(pool, terms, most, lease);
        self.wake(&mut contents);
        Ok(granted)
    }

    async fn confirm(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        permits.iter().for_each(|permit| contents.confirm(permit));
        Ok(())
    }

    async fn withdraw(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        permits.iter().for_each(|permit| contents.withdraw(permit));
        self.wake(&mut contents);
        Ok(())
    }

    async fn overdue_grants(&self, pool: &str) -> Result<Vec<Waiter>, LedgerError> {
        Ok(self.contents().overdue_grants(pool))
    }

    async fn place(
        &self,
        pool: &str,
        key: &JobKey,
        round: u32,
    ) -> Result<Option<Place>, LedgerError> {
        Ok(self.contents().place(pool, &(key.clone(), round)))
    }

    async fn waiting(&self, pool: &str, most: usize) -> Result<Vec<TenantWaiting>, LedgerError> {
        Ok(self.contents().waiting(pool, most))
    }

    async fn waiters(
        &self,
        pool: &str,
        tenant: &Tenant,
        most: usize,
    ) -> Result<Vec<Waiter>, LedgerError> {
        Ok(self.contents().waiters(pool, tenant, most))
    }

    async fn count_waiting(
        &self,
        pool: &str,
        tenant: &Tenant,
    ) -> Result<WaitingCount, LedgerError> {
        let contents = self.contents();
        let (of_pool, of_tenant) = (contents.count_waiting(pool), contents.count_of(pool, tenant));
        Ok(WaitingCount { of_pool, of_tenant })
    }

    async fn slots_freed(&self, seen: u64, most: Duration) -> Result<u64, LedgerError> {
        let mut changed = std::pin::pin!(self.changed.notified());
        // Before the number is read: a change in between must not be missed.
        changed.as_mut().enable();
        if self.freed.load(Ordering::SeqCst) == seen {
            // In vain: the time is over.
            let _ = timeout(most, changed).await;
        }
        Ok(self.freed.load(Ordering::SeqCst))
    }
}
