//! The ledger port on plain maps.

mod acceptances;
mod contents;
mod due;
mod following;
mod manual_pauses;
mod membership;
mod outbox;
mod permits;
mod pool;
mod proposals;
mod rates;
mod records;
mod room;
mod slot_limits;
mod spending;
mod waiting;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Tenant, Timestamp, WaitingCount};
use ports::{
    AccountTask, Accounts, Claimed, Created, Cursor, Due, Fence, Following, Generation, GrantTerms,
    Granted, HeldPermit, Ledger, LedgerError, ListFilter, Members, NamedPause, OutboxEntry,
    OutboxId, Page, Pause, Permit, PermitReturn, Permits, Permitted, Place, Records, Standing,
    Stored, Swapped, TenantWaiting, Usage, Waiter, WaitingRoom, Witness, Write,
};

pub use contents::{Contents, Row};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::time::StoreTime;

/// The ledger in memory. Every call is one atomic step.
#[derive(Debug)]
pub struct MemoryLedger {
    contents: Mutex<Contents>,
    /// Counts the moments at which slots may have become free for waiting jobs.
    freed: AtomicU64,
    /// Wakes in the order of waiting, so that a simulation can be repeated; a watch channel wakes in
    /// random order.
    changed: Notify,
    time: StoreTime,
}

impl MemoryLedger {
    /// An empty ledger whose closed records expire after `retention`.
    pub fn new(time: StoreTime, retention: Duration) -> Self {
        Self {
            contents: Mutex::new(Contents::new(retention)),
            freed: AtomicU64::new(1),
            changed: Notify::new(),
            time,
        }
    }

    /// The present contents, without expired records.
    pub fn contents(&self) -> MutexGuard<'_, Contents> {
        let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        contents.wind(self.time.now());
        contents
    }

    /// Slots may be free for those that wait.
    fn wake(&self, contents: &mut Contents) {
        if std::mem::take(&mut contents.freed) && contents.waits_anywhere() {
            self.freed.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
        }
    }

    fn writing(&self, fence: &Fence) -> Result<MutexGuard<'_, Contents>, LedgerError> {
        let contents = self.contents();
        contents.check(fence)?;
        Ok(contents)
    }
}

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

#[async_trait]
impl Records for MemoryLedger {
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        Ok(self.contents().revisions(keys))
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        self.writing(fence)?.create(write)
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        Ok(self.contents().load(key))
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        Ok(self.contents().load_whole(key))
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        self.writing(fence)?.swap(expected, write)
    }

    async fn page(&self, filter: &ListFilter, after: Option<&Cursor>) -> Result<Page, LedgerError> {
        Ok(self.contents().page(filter, after))
    }

    async fn visit(
        &self,
        filter: &ListFilter,
        visit: &mut (dyn for<'a> FnMut(&'a Record) + Send),
    ) -> Result<(), LedgerError> {
        let all = self.contents().all(filter);
        all.iter().for_each(visit);
        Ok(())
    }
}

#[async_trait]
impl Due for MemoryLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        Ok(self.writing(fence)?.claim_due(limit, lease))
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        self.contents().look_now(key);
        Ok(())
    }

    async fn claim_outbox(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<OutboxEntry>, LedgerError> {
        Ok(self.writing(fence)?.claim_outbox(limit, lease))
    }

    async fn announced(&self, fence: &Fence, ids: &[OutboxId]) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        ids.iter().for_each(|id| contents.announced(id));
        Ok(())
    }

    async fn postpone(
        &self,
        fence: &Fence,
        id: &OutboxId,
        wait: Duration,
    ) -> Result<(), LedgerError> {
        self.writing(fence)?.postpone(id, wait);
        Ok(())
    }
}

#[async_trait]
impl Permits for MemoryLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Result<Permitted, LedgerError> {
        let mut contents = self.writing(fence)?;
        let answer = contents.take_permit(permit, terms);
        self.wake(&mut contents);
        Ok(answer)
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        let mut contents = self.writing(fence)?;
        returns.iter().for_each(|back| contents.give_permit(back));
        self.wake(&mut contents);
        Ok(())
    }

    async fn take_turn(
        &self,
        fence: &Fence,
        pool: &str,
        lasts: Duration,
    ) -> Result<bool, LedgerError> {
        Ok(self.writing(fence)?.take_turn(pool, &fence.owner, lasts))
    }

    async fn end_turn(&self, fence: &Fence, pool: &str) -> Result<(), LedgerError> {
        self.writing(fence)?.end_turn(pool, &fence.owner);
        Ok(())
    }

    async fn usage(&self, pool: &str) -> Result<Usage, LedgerError> {
        Ok(self.contents().usage(pool))
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        Ok(self.contents().held(pool))
    }
}

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

#[async_trait]
impl Accounts for MemoryLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        self.contents().pauses.insert(account.to_owned(), pause.clone());
        Ok(())
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        Ok(self.contents().pauses.get(account).cloned())
    }

    async fn pauses(&self, account: &str) -> Result<Vec<NamedPause>, LedgerError> {
        let contents = self.contents();
        let all = contents.pauses.iter();
        let named =
            all.map(|(name, pause)| NamedPause { name: name.clone(), pause: pause.clone() });
        Ok(named.filter(|named| named.is_of(account)).collect())
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        self.contents().pauses.remove(account);
        Ok(())
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        let of = (account.to_owned(), witness.operation.clone());
        self.contents().witnesses.insert(of, witness.clone());
        Ok(())
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        let contents = self.contents();
        let of_account = contents.witnesses.iter().filter(|((of, _), _)| of == account);
        Ok(of_account.map(|(_, witness)| witness.clone()).collect())
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        self.contents().propose(key, round, task_id, keep_for);
        Ok(())
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        Ok(self.contents().proposals(key, round))
    }

    async fn claim_task(
        &self,
        fence: &Fence,
        task: &AccountTask,
        key: &JobKey,
        round: u32,
    ) -> Result<bool, LedgerError> {
        Ok(self.writing(fence)?.claim_task(task, key, round))
    }

    async fn task_owner(&self, task: &AccountTask) -> Result<Option<JobKey>, LedgerError> {
        Ok(self.contents().task_owner(task))
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}
