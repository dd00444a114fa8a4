use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;
use ports::{
    Clock, Entered, Fence, GrantTerms, Granted, LedgerError, Place, RoomBounds, SystemClock,
    TenantWaiting, Waiter, WaitingRoom,
};

use crate::ledger::shares::Room;
use crate::ledger::{FileLedger, grants, waiting};

#[async_trait]
impl WaitingRoom for FileLedger {
    async fn enter(
        &self,
        fence: &Fence,
        waiters: &[Waiter],
        bounds: &RoomBounds,
    ) -> Result<Vec<Entered>, LedgerError> {
        let (ns, waiters, bounds) = (self.store.ns, waiters.to_vec(), *bounds);
        self.fenced(fence, move |tx| {
            let entered = waiters.iter().map(|waiter| waiting::enter(tx, ns, waiter, &bounds));
            Ok(entered.collect::<rusqlite::Result<_>>()?)
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
        self.fenced(fence, move |tx| Ok(waiting::grant(tx, ns, &pool, &terms, most, lease)?)).await
    }

    async fn confirm(
        &self,
        fence: &Fence,
        pool: &str,
        jobs: &[(JobKey, u32)],
    ) -> Result<(), LedgerError> {
        let (ns, pool, jobs) = (self.store.ns, pool.to_owned(), jobs.to_vec());
        self.fenced(fence, move |tx| {
            Ok(jobs.iter().try_for_each(|job| grants::confirm(tx, ns, &pool, job))?)
        })
        .await
    }

    async fn wait_again(&self, fence: &Fence, waiters: &[Waiter]) -> Result<(), LedgerError> {
        let (ns, waiters) = (self.store.ns, waiters.to_vec());
        self.fenced(fence, move |tx| {
            Ok(waiters.iter().try_for_each(|waiter| waiting::wait_again(tx, ns, waiter))?)
        })
        .await
    }

    async fn withdraw(
        &self,
        fence: &Fence,
        pool: &str,
        jobs: &[(JobKey, u32)],
    ) -> Result<(), LedgerError> {
        let (ns, pool, jobs) = (self.store.ns, pool.to_owned(), jobs.to_vec());
        self.fenced(fence, move |tx| {
            Ok(jobs.iter().try_for_each(|job| waiting::withdraw(tx, ns, &pool, job))?)
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

    async fn slots_freed(&self, seen: u64, most: Duration) -> Result<u64, LedgerError> {
        let mut progress = self.store.progress();
        let freed = progress.wait_for(|now| now.slots != seen || now.closed);
        // In vain: the time is over.
        let _ = tokio::time::timeout(most, freed).await;
        Ok(progress.borrow().slots)
    }
}
