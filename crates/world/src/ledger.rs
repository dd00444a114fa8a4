//! The ledger door on plain maps.

mod due;
mod following;
mod membership;
mod memory;
mod outbox;
mod permits;
mod proposals;
mod records;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, Timestamp};
use ports::{
    AccountTask, Accounts, Claimed, Created, Due, Fence, Following, Generation, HeldPermit, Ledger,
    LedgerError, Limits, ListFilter, Members, OutboxEntry, OutboxId, Pause, Permit, PermitReturn,
    Permits, Permitted, Records, Standing, Stored, Swapped, Witness, Write,
};

pub(crate) use memory::Memory;

use crate::time::WorldTime;

/// What we remember, in memory. Every call is one atomic step.
#[derive(Debug)]
pub struct WorldLedger {
    memory: Mutex<Memory>,
    time: WorldTime,
}

impl WorldLedger {
    /// An empty ledger whose closed records expire after `retention`.
    pub fn new(time: WorldTime, retention: Duration) -> Self {
        Self { memory: Mutex::new(Memory::new(retention)), time }
    }

    /// The memory as it is now, without what has expired.
    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.wind(self.time.now());
        memory
    }

    fn writing(&self, fence: &Fence) -> Result<MutexGuard<'_, Memory>, LedgerError> {
        let memory = self.memory();
        memory.check(fence)?;
        Ok(memory)
    }
}

#[async_trait]
impl Members for WorldLedger {
    async fn join(&self, began_at: Timestamp, lease: Duration) -> Result<Fence, LedgerError> {
        Ok(self.memory().join(began_at, lease))
    }

    async fn renew(&self, fence: &Fence, lease: Duration) -> Result<Standing, LedgerError> {
        Ok(self.writing(fence)?.renew(&fence.owner, lease))
    }

    async fn leave(&self, fence: &Fence) -> Result<(), LedgerError> {
        self.memory().leave(&fence.owner);
        Ok(())
    }

    async fn generation(&self) -> Result<Option<Generation>, LedgerError> {
        Ok(self.memory().generation.clone())
    }

    async fn opens_at(&self) -> Result<Option<Timestamp>, LedgerError> {
        let memory = self.memory();
        Ok(memory.generation.as_ref().and(memory.opens_at))
    }

    async fn distrust(&self) -> Result<(), LedgerError> {
        self.memory().distrust();
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
impl Records for WorldLedger {
    async fn revisions(&self, keys: &[JobKey]) -> Result<Vec<Option<u64>>, LedgerError> {
        Ok(self.memory().revisions(keys))
    }

    async fn create(&self, fence: &Fence, write: Write) -> Result<Created, LedgerError> {
        self.writing(fence)?.create(write)
    }

    async fn load(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        Ok(self.memory().load(key))
    }

    async fn load_whole(&self, key: &JobKey) -> Result<Option<Stored>, LedgerError> {
        Ok(self.memory().load_whole(key))
    }

    async fn swap(
        &self,
        fence: &Fence,
        expected: u64,
        write: Write,
    ) -> Result<Swapped, LedgerError> {
        self.writing(fence)?.swap(expected, write)
    }

    async fn list(&self, filter: &ListFilter) -> Result<Vec<Record>, LedgerError> {
        Ok(self.memory().list(filter))
    }
}

#[async_trait]
impl Due for WorldLedger {
    async fn claim_due(
        &self,
        fence: &Fence,
        limit: usize,
        lease: Duration,
    ) -> Result<Claimed<Stored>, LedgerError> {
        Ok(self.writing(fence)?.claim_due(limit, lease))
    }

    async fn look_now(&self, key: &JobKey) -> Result<(), LedgerError> {
        self.memory().look_now(key);
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
        let mut memory = self.writing(fence)?;
        ids.iter().for_each(|id| memory.announced(id));
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
impl Permits for WorldLedger {
    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        limits: &Limits,
    ) -> Result<Permitted, LedgerError> {
        Ok(self.writing(fence)?.take_permit(permit, limits))
    }

    async fn give_permits(
        &self,
        fence: &Fence,
        returns: &[PermitReturn],
    ) -> Result<(), LedgerError> {
        let mut memory = self.writing(fence)?;
        returns.iter().for_each(|back| memory.give_permit(back));
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

    async fn used(&self, pool: &str) -> Result<u32, LedgerError> {
        Ok(self.memory().used(pool))
    }

    async fn permits(&self, pool: &str) -> Result<Vec<HeldPermit>, LedgerError> {
        Ok(self.memory().held(pool))
    }
}

#[async_trait]
impl Accounts for WorldLedger {
    async fn pause(&self, account: &str, pause: &Pause) -> Result<(), LedgerError> {
        self.memory().pauses.insert(account.to_owned(), pause.clone());
        Ok(())
    }

    async fn paused(&self, account: &str) -> Result<Option<Pause>, LedgerError> {
        Ok(self.memory().pauses.get(account).cloned())
    }

    async fn resume(&self, account: &str) -> Result<(), LedgerError> {
        self.memory().pauses.remove(account);
        Ok(())
    }

    async fn witness(&self, account: &str, witness: &Witness) -> Result<(), LedgerError> {
        let of = (account.to_owned(), witness.operation.clone());
        self.memory().witnesses.insert(of, witness.clone());
        Ok(())
    }

    async fn witnesses(&self, account: &str) -> Result<Vec<Witness>, LedgerError> {
        let memory = self.memory();
        let of_account = memory.witnesses.iter().filter(|((of, _), _)| of == account);
        Ok(of_account.map(|(_, witness)| witness.clone()).collect())
    }

    async fn propose(
        &self,
        key: &JobKey,
        round: u32,
        task_id: &str,
        keep_for: Duration,
    ) -> Result<(), LedgerError> {
        self.memory().propose(key, round, task_id, keep_for);
        Ok(())
    }

    async fn proposals(&self, key: &JobKey, round: u32) -> Result<Vec<String>, LedgerError> {
        Ok(self.memory().proposals(key, round))
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
}

#[async_trait]
impl Ledger for WorldLedger {
    async fn check(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}
