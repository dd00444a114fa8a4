//! Writes facts to the ledger: applies the rules, then compares and writes.

use std::sync::Arc;
use std::time::Duration;

use job::{CloudEvent, EventSource, Fact, Illegal, JobKey, Record, Rules, Step, transition};
use ports::{
    AccountTask, Clock, Created, Fence, GrantTerms, Ledger, LedgerError, OutboxEntry, Permit,
    Stored, Swapped, Write,
};

use crate::announcer::Announcer;
use crate::plan::Plan;

/// Writes records and does nothing else: see [`Recorder`](crate::Recorder) for what follows.
#[derive(Clone)]
pub struct Writer {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) announcer: Announcer,
    pub(crate) rules: Rules,
    /// How long its announcements are kept from others; zero when a poller publishes them.
    pub(crate) outbox_lease: Duration,
}

/// The result of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrote {
    Done(Written),
    /// The record has changed, and nothing was written: this is the present one.
    Changed(Option<Box<Stored>>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub version: u64,
    pub(crate) outbox: Vec<OutboxEntry>,
}

impl Writer {
    /// Its events have the source of the rules' installation.
    pub fn new(ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, rules: Rules) -> Self {
        let announcer = Announcer { source: EventSource::of_installation(&rules.installation) };
        Self { ledger, clock, announcer, rules, outbox_lease: Duration::ZERO }
    }

    /// The source of its events.
    pub fn source(&self) -> &EventSource {
        &self.announcer.source
    }

    /// The transition for a fact. This is the only place where one is made.
    #[allow(clippy::disallowed_methods, reason = "here, and nowhere else")]
    pub fn plan(&self, record: Record, fact: Fact) -> Result<Plan, Box<Illegal>> {
        let was = Some(record.state.kind());
        let step = transition(record, fact, self.clock.moment(), &self.rules)?;
        Ok(Plan { step, was })
    }

    /// The first record of a job.
    pub async fn create(&self, fence: &Fence, plan: &Plan) -> Result<Wrote, LedgerError> {
        let write = self.write(plan)?;
        let outbox = write.outbox.clone();
        Ok(match self.ledger.create(fence, write).await? {
            Created::New => Wrote::Done(Written { version: 1, outbox }),
            Created::Exists(stored) => Wrote::Changed(Some(stored)),
        })
    }

    /// Replaces this version, which was read under this fence.
    pub async fn swap(
        &self,
        fence: &Fence,
        version: u64,
        plan: &Plan,
    ) -> Result<Wrote, LedgerError> {
        let write = self.write(plan)?;
        self.swap_write(fence, version, write).await
    }

    /// Writes a tombstone if there is no record: the job is cancelled when it is delivered.
    pub async fn write_tombstone(
        &self,
        fence: &Fence,
        key: JobKey,
    ) -> Result<(Plan, Wrote), LedgerError> {
        let record = Record::tombstone(key, self.clock.now());
        let plan = Plan::of(Step { record, effects: Vec::new() });
        let wrote = self.create(fence, &plan).await?;
        Ok((plan, wrote))
    }

    /// Adds an event to announce and leaves the record as it is.
    pub async fn write_event(
        &self,
        fence: &Fence,
        stored: Stored,
        event: &CloudEvent,
    ) -> Result<Wrote, LedgerError> {
        let entry = self.announcer.entry(&stored.record, event);
        self.write_beside(fence, stored, entry).await
    }

    pub(crate) async fn write_beside(
        &self,
        fence: &Fence,
        stored: Stored,
        entry: OutboxEntry,
    ) -> Result<Wrote, LedgerError> {
        let write = self.announcer.write_with(stored.record, vec![entry], self.outbox_lease);
        self.swap_write(fence, stored.version, write).await
    }

    /// Makes this job the owner of a task; `false` if another job is.
    pub async fn own(
        &self,
        fence: &Fence,
        record: &Record,
        task_id: &str,
    ) -> Result<bool, LedgerError> {
        let task = AccountTask { account: record.account.clone(), id: task_id.to_owned() };
        self.ledger.claim_task(fence, &task, &record.key, record.round).await
    }

    /// Takes the slot of a task that may be running, whatever the limit: it is in use. On each
    /// account that may have it.
    pub async fn hold(&self, fence: &Fence, record: &Record) -> Result<(), LedgerError> {
        for permit in Permit::all_of(record) {
            self.ledger.take_permit(fence, &permit, &GrantTerms::default()).await?;
        }
        Ok(())
    }

    /// The same before a plan is written, unless its job has no task that may be running.
    pub async fn hold_for(&self, fence: &Fence, plan: &Plan) -> Result<(), LedgerError> {
        let next = plan.record();
        match next.holds_permit(next.round) {
            true => self.hold(fence, next).await,
            false => Ok(()),
        }
    }

    pub(crate) fn write(&self, plan: &Plan) -> Result<Write, LedgerError> {
        self.announcer.write(&plan.step, self.clock.now(), self.outbox_lease)
    }

    pub(crate) async fn swap_write(
        &self,
        fence: &Fence,
        version: u64,
        write: Write,
    ) -> Result<Wrote, LedgerError> {
        let outbox = write.outbox.clone();
        Ok(match self.ledger.swap(fence, version, write).await? {
            Swapped::Done(version) => Wrote::Done(Written { version, outbox }),
            Swapped::Stale(there) => Wrote::Changed(there),
        })
    }
}
