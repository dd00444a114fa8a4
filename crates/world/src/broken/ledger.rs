use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use job::{ExternalId, JobKey, Life, ManualPause, PauseScope, Record, State, Timestamp};
use ports::{
    Broker, Created, Fence, GrantTerms, Granted, HeldPermit, Ledger, LedgerError, LedgerLayer,
    OutboxEntry, Permit, PermitReturn, Permitted, Stored, Swapped, Waiter, Write,
};

use super::Broken;

pub(super) struct BrokenLedger {
    broken: Broken,
    broker: Arc<dyn Broker>,
    inner: Arc<dyn Ledger>,
    /// Intents that were not written, and a counter for event ids.
    memory: Mutex<(BTreeMap<JobKey, Record>, u64)>,
}

/// The lease with which the mistaken writes are made.
const LEASE: Duration = Duration::from_secs(1);

type Answer<T> = Result<T, LedgerError>;

impl BrokenLedger {
    pub(super) fn new(broken: Broken, broker: Arc<dyn Broker>, inner: Arc<dyn Ledger>) -> Self {
        Self { broken, broker, inner, memory: Mutex::default() }
    }

    fn intents<T>(&self, with: impl FnOnce(&mut BTreeMap<JobKey, Record>) -> T) -> T {
        with(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Applies the mistake to a write.
    async fn twist(&self, mut write: Write) -> Write {
        match self.broken {
            Broken::OutboxForgotten => write.outbox.clear(),
            Broken::Restless => write.due = write.due.map(|_| Timestamp::EPOCH),
            Broken::LivesConfused => forget_life(&mut write.record),
            Broken::EvidenceForgotten => forget_evidence(&mut write.record),
            Broken::RandomEventIds => write.outbox.iter_mut().for_each(|entry| self.rename(entry)),
            Broken::AnnounceBeforeWrite => {
                for entry in &write.outbox {
                    // The result is ignored: that is the mistake.
                    let _ = self.broker.publish(&entry.to, entry.message.clone()).await;
                }
            }
            _ => {}
        }
        write
    }

    /// The job waits for this task from now on, whatever the provider answers.
    async fn believe(&self, key: &JobKey, task: &str) -> Answer<()> {
        let Some(Stored { mut record, version, .. }) = self.inner.load(key).await? else {
            return Ok(());
        };
        if !matches!(record.state, State::InDoubt { .. }) {
            return Ok(());
        }
        record.task_id = Some(task.to_owned());
        let next_look = record.last_change();
        record.state = State::Pending { status: "submitted".to_owned(), looks: 0, next_look };
        let due = Some(next_look);
        let write = Write { record, due, outbox: Vec::new(), outbox_lease: Duration::ZERO };
        // As a process that has just joined.
        let fence = self.inner.join(next_look, Duration::from_secs(1)).await?;
        self.inner.swap(&fence, version, write).await.map(drop)
    }

    async fn is_tombstone(&self, key: &JobKey) -> Answer<bool> {
        let there = self.inner.load(key).await?;
        Ok(there.is_some_and(|there| matches!(there.record.state, State::Tombstone)))
    }

    fn rename(&self, entry: &mut OutboxEntry) {
        let number = {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.1 += 1;
            memory.1
        };
        let new = format!("{}-{number}", entry.id);
        let body = String::from_utf8_lossy(&entry.message.body).replace(&entry.id, &new);
        entry.message.body = body.into();
        entry.message.id.clone_from(&new);
        entry.id = new;
    }
}

#[async_trait]
impl LedgerLayer for BrokenLedger {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    async fn join(&self, began_at: Timestamp, lease: Duration) -> Answer<Fence> {
        match self.broken {
            Broken::OpenAtOnce => self.inner.join(Timestamp::EPOCH, lease).await,
            _ => self.inner.join(began_at, lease).await,
        }
    }

    async fn create(&self, fence: &Fence, write: Write) -> Answer<Created> {
        let is_intent = matches!(write.record.state, State::Submitting { .. });
        if self.broken == Broken::IntentInMemory && is_intent {
            if let Some(stored) = self.inner.load(&write.record.key).await? {
                return Ok(Created::Exists(Box::new(stored)));
            }
            self.intents(|all| all.insert(write.record.key.clone(), write.record));
            return Ok(Created::New);
        }
        let write = self.twist(write).await;
        self.inner.create(fence, write).await
    }

    async fn swap(&self, fence: &Fence, expected: u64, write: Write) -> Answer<Swapped> {
        if self.intents(|all| all.remove(&write.record.key)).is_some() {
            return Ok(match self.inner.create(fence, write).await? {
                Created::New => Swapped::Done(1),
                Created::Exists(stored) => Swapped::Stale(Some(stored)),
            });
        }
        if self.broken == Broken::TombstonesStay
            && write.record.restored
            && self.is_tombstone(&write.record.key).await?
        {
            return Ok(Swapped::Done(expected + 1));
        }
        let write = self.twist(write).await;
        self.inner.swap(fence, expected, write).await
    }

    async fn propose(&self, key: &JobKey, round: u32, task: &str, keep: Duration) -> Answer<()> {
        if self.broken == Broken::CallbackBelieved {
            self.believe(key, task).await?;
        }
        self.inner.propose(key, round, task, keep).await
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Answer<Permitted> {
        match self.broken {
            Broken::PermitsNotCounted => Ok(Permitted::Granted),
            // A recount takes permits without a limit.
            Broken::SlotsNotRecounted if terms.limits.concurrency == 0 => Ok(Permitted::Granted),
            _ => self.inner.take_permit(fence, permit, terms).await,
        }
    }

    async fn give_permits(&self, fence: &Fence, returns: &[PermitReturn]) -> Answer<()> {
        match self.broken {
            Broken::PermitsKept => Ok(()),
            _ => self.inner.give_permits(fence, returns).await,
        }
    }

    async fn enter(&self, fence: &Fence, waiters: &[Waiter]) -> Answer<()> {
        match self.broken {
            Broken::PlaceForgotten => Ok(()),
            _ => self.inner.enter(fence, waiters).await,
        }
    }

    async fn grant(
        &self,
        fence: &Fence,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Answer<Granted> {
        let mut terms = terms.clone();
        if self.broken == Broken::PausesIgnoredByGrants {
            terms.paused.clear();
        }
        self.inner.grant(fence, pool, &terms, most, lease).await
    }

    async fn paused_by_hand(&self, account: &str) -> Answer<Vec<ManualPause>> {
        let mut pauses = self.inner.paused_by_hand(account).await?;
        if self.broken == Broken::TenantsNotPaused {
            pauses.retain(|pause| !matches!(pause.scope, PauseScope::Tenant(_)));
        }
        Ok(pauses)
    }

    async fn permits(&self, pool: &str) -> Answer<Vec<HeldPermit>> {
        let held = self.inner.permits(pool).await?;
        if let (Broken::SlotsFreedEarly, Some(HeldPermit { permit, .. })) =
            (self.broken, held.first())
        {
            let back = PermitReturn {
                pool: permit.pool.clone(),
                key: permit.key.clone(),
                round: permit.round,
                revision: u64::MAX,
                since: None,
                unspent: false,
            };
            self.inner
                .give_permits(&self.inner.join(Timestamp::EPOCH, LEASE).await?, &[back])
                .await?;
        }
        Ok(held)
    }
}

fn forget_life(record: &mut Record) {
    record.life = Life::default();
    record.external_id = ExternalId::derive("world", &record.key, &record.life, record.round);
}

fn forget_evidence(record: &mut Record) {
    if let State::InDoubt { doubt } = &mut record.state {
        doubt.evidence.clear();
        record.task_id = None;
    }
}
