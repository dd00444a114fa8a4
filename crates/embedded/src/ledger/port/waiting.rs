use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Tenant, WaitingCount};
use ports::{
    Clock, Fence, GrantTerms, Granted, LedgerError, Permit, Place, SystemClock, TenantWaiting,
    Waiter, WaitingRoom,
};

use crate::ledger::shares::Room;
use crate::ledger::{FileLedger, grants, leases, waiting};

#[async_trait]
impl WaitingRoom for FileLedger {
    async fn enter(&self, fence: &Fence, waiters: &[Waiter]) -> Result<(), LedgerError> {
        let (ns, waiters) = (self.store.ns, waiters.to_vec());
        self.fenced(fence, move |tx| {
            Ok(waiters.iter().try_for_each(|waiter| waiting::enter(tx, ns, waiter))?)
        })
        .await
    }

    async fn grant(
        &self,
        fence: &Fence,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Result<Granted, LedgerError> {
        let (ns, pool, terms) = (self.store.ns, pool.to_owned(), terms.clone());
        self.fenced(fence, move |tx| Ok(grants::grant(tx, ns, &pool, &terms, most, lease)?)).await
    }

    async fn confirm(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError> {
        let (ns, permits) = (self.store.ns, permits.to_vec());
        self.fenced(fence, move |tx| {
            Ok(permits.iter().try_for_each(|permit| leases::confirm(tx, ns, permit))?)
        })
        .await
    }

    async fn withdraw(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError> {
        let (ns, permits) = (self.store.ns, permits.to_vec());
        self.fenced(fence, move |tx| {
            Ok(permits.iter().try_for_each(|permit| waiting::withdraw(tx, ns, permit))?)
        })
        .await
    }

    async fn overdue_grants(&self, pool: &str) -> Result<Vec<Waiter>, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        self.read(move |sql| {
            let room = Room { sql, ns, pool: &pool };
            Ok(room.overdue(SystemClock.now())?)
        })
        .await
    }

    async fn place(
        &self,
        pool: &str,
        key: &JobKey,
        round: u32,
    ) -> Result<Option<Place>, LedgerError> {
        let (ns, pool, key) = (self.store.ns, pool.to_owned(), key.clone());
        self.read(move |sql| Ok(Room { sql, ns, pool: &pool }.place(&key, round)?)).await
    }

    async fn waiting(&self, pool: &str, most: usize) -> Result<Vec<TenantWaiting>, LedgerError> {
        let (ns, pool) = (self.store.ns, pool.to_owned());
        self.read(move |sql| Ok(Room { sql, ns, pool: &pool }.waiting(most)?)).await
    }

    async fn waiters(
        &self,
        pool: &str,
        tenant: &Tenant,
        most: usize,
    ) -> Result<Vec<Waiter>, LedgerError> {
        let (ns, pool, tenant) = (self.store.ns, pool.to_owned(), tenant.clone());
        self.read(move |sql| Ok(Room { sql, ns, pool: &pool }.of_tenant(&tenant, most)?)).await
    }

    async fn count_waiting(
        &self,
        pool: &str,
        tenant: &Tenant,
    ) -> Result<WaitingCount, LedgerError> {
        let (ns, pool, tenant) = (self.store.ns, pool.to_owned(), tenant.clone());
        self.read(move |sql| Ok(Room { sql, ns, pool: &pool }.count_waiting(&tenant)?)).await
    }

    async fn slots_freed(&self, seen: u64, most: Duration) -> Result<u64, LedgerError> {
        let mut progress = self.store.progress();
        let freed = progress.wait_for(|now| now.slots != seen || now.closed);
        // In vain: the time is over.
        let _ = tokio::time::timeout(most, freed).await;
        Ok(progress.borrow().slots)
    }
}
