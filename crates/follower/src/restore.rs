//! Restores the records that the ledger has lost, and takes their slots.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use job::{Effect, JournalEntry, Record, Restored, Restoring, StateKind, Step, Timestamp};
use ports::{Fence, GrantTerms, LedgerError, ListFilter, OutboxId, Permit, PermitReturn, Waiter};
use recorder::{LEASE, Plan, Writer, Wrote};

use crate::batch::{Batch, Line, behind};
use crate::error::Error;
use crate::shared::{MOST, Shared};
use crate::spending::{SpendingCount, reservation, submitted_today};

/// Records written at once.
const AT_ONCE: usize = 32;

/// Limits the memory: a request to the ledger is much larger than the permit in it.
const COUNTED_AT_ONCE: usize = 1024;

/// Longer than it takes to mark the events that were published before the loss.
const TOLD: Duration = Duration::from_secs(60);

pub(crate) struct Restorer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) fence: Arc<Fence>,
    /// The generation is open: slots are taken with each record. Before it opens, they are counted
    /// once, when all records are restored.
    pub(crate) is_open: bool,
}

impl Restorer {
    /// The records of this batch that the ledger has lost.
    pub(crate) async fn missing(&self, batch: &Batch) -> Result<Vec<Restored>, Error> {
        let (behind, restoring) =
            (behind(self.shared.ledger.as_ref(), batch).await?, self.restoring());
        let restored = |(entry, present)| restoring.restore(entry, present);
        Ok(behind.into_iter().filter_map(restored).collect())
    }

    /// Returns how many of them the ledger still lacked.
    pub(crate) async fn put_back(
        &self,
        batch: &Batch,
        missing: Vec<Restored>,
    ) -> Result<usize, Error> {
        let now = self.shared.session.store_now();
        let puts: Vec<_> = missing.into_iter().map(|one| self.put_or_skip(one, now)).collect();
        let done: Vec<bool> = stream::iter(puts).buffer_unordered(AT_ONCE).try_collect().await?;
        if !self.is_open {
            let conflicts = batch.conflicts.iter().filter_map(Line::entry);
            stream::iter(conflicts.map(Ok))
                .try_for_each(|entry| self.announce_or_skip(entry))
                .await?;
        }
        Ok(done.into_iter().filter(|done| *done).count())
    }

    /// A record that cannot be read must not prevent the restoring of all others.
    async fn put_or_skip(&self, restored: Restored, now: Timestamp) -> Result<bool, Error> {
        Ok(readable(self.put(restored, now).await)?.unwrap_or(false))
    }

    /// Returns whether the ledger really lacked it.
    async fn put(&self, restored: Restored, now: Timestamp) -> Result<bool, Error> {
        self.count(&restored.record, now).await?;
        self.spending().count(&restored.record, now).await?;
        let (plan, restoring) = (plan(&restored), self.restoring());
        let lease = if restored.told { TOLD } else { Duration::ZERO };
        let in_place_of = |record, there: &Record| restoring.in_place_of(record, there);
        let Some(outbox) = self.writer().put_back(&self.fence, &plan, lease, in_place_of).await?
        else {
            return Ok(false);
        };
        self.own(plan.record()).await?;
        self.writer().enter(&self.fence, plan.record()).await?;
        if restored.told {
            // The retention of the record begins only then.
            let told: Vec<OutboxId> = outbox.iter().map(|entry| entry.outbox_id()).collect();
            self.shared.ledger.announced(&self.fence, &told).await?;
        }
        let record = plan.record();
        tracing::info!(
            job = %record.key, trace_id = record.trace_id(), state = record.state.word(),
            round = record.round, task = record.task_id.as_deref(), "put back from the journal"
        );
        Ok(true)
    }

    fn spending(&self) -> SpendingCount<'_> {
        let Self { shared, fence, is_open } = self;
        SpendingCount { shared, fence, is_open: *is_open }
    }

    fn writer(&self) -> &Writer {
        self.shared.recorder.writer()
    }

    async fn announce_or_skip(&self, entry: JournalEntry) -> Result<(), Error> {
        readable(self.announce_again(entry).await).map(drop)
    }

    /// It is not known whether a conflict was announced before the loss: the event is published
    /// again, with the same id.
    async fn announce_again(&self, entry: JournalEntry) -> Result<(), Error> {
        let Some(event) = entry.event else {
            return Ok(());
        };
        while let Some(stored) = self.shared.ledger.load(&entry.record.key).await? {
            if let Wrote::Done(_) = self.writer().write_event(&self.fence, stored, &event).await? {
                break;
            }
        }
        Ok(())
    }

    /// Stores which job has the task, so that no callback can name it for another job.
    async fn own(&self, record: &Record) -> Result<(), LedgerError> {
        let Some(task) = record.task_id.as_deref() else { return Ok(()) };
        if !self.writer().own(&self.fence, record, task).await? {
            let trace_id = record.trace_id();
            tracing::error!(job = %record.key, trace_id, task, "the task is another job's");
        }
        self.shared.recorder.note_files(record).await;
        Ok(())
    }

    fn restoring(&self) -> Restoring {
        let settings = &self.shared.settings;
        let now = self.shared.session.store_now();
        let settles_at = now + LEASE + settings.post_timeout + settings.rules.settling;
        Restoring { now, retention: settings.retention, settles_at }
    }

    /// Before the record is written: the reconciler frees a slot without a record, but a record
    /// without its slot would let too many tasks run.
    async fn count(&self, record: &Record, now: Timestamp) -> Result<(), LedgerError> {
        let may_be_running = record.may_be_running();
        if may_be_running && self.is_open {
            return self.writer().hold(&self.fence, record).await;
        }
        if !may_be_running && self.shared.settings.counts_days && submitted_today(record, now) {
            self.writer().hold(&self.fence, record).await?;
            self.give(record).await?;
        }
        Ok(())
    }

    /// Takes the slots of all jobs that may be running, beyond any limit: they are in use. Jobs that
    /// wait for slots get their places again: those are stored apart from the records, and may be
    /// lost alone.
    pub(crate) async fn recount(&self) -> Result<usize, LedgerError> {
        let uses_pool = |kind: &StateKind| kind.may_be_running() || *kind == StateKind::Waiting;
        let states: Vec<StateKind> = StateKind::ALL.into_iter().filter(uses_pool).collect();
        let (mut running, mut waiting) = (Vec::<Permit>::new(), Vec::<Waiter>::new());
        let (mut reserved, counts) = (Vec::new(), self.shared.settings.counts_spending);
        let filter = ListFilter::of_states(&states, MOST);
        let mut keep = |record: &Record| {
            let waits = record.state.kind() == StateKind::Waiting;
            waiting.extend(Waiter::of(record).filter(|_| waits));
            if record.may_be_running() {
                running.extend(Permit::all_of(record));
            }
            reserved.extend(reservation(record).filter(|_| counts));
        };
        self.shared.ledger.visit(&filter, &mut keep).await?;
        for some in waiting.chunks(COUNTED_AT_ONCE) {
            self.shared.ledger.enter(&self.fence, some).await?;
        }
        for some in running.chunks(COUNTED_AT_ONCE) {
            let takes: Vec<_> = some.iter().map(|permit| self.take_permit(permit)).collect();
            stream::iter(takes).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        }
        let spending = self.spending();
        for some in reserved.chunks(COUNTED_AT_ONCE) {
            let reserves: Vec<_> = some.iter().map(|one| spending.reserve(one)).collect();
            stream::iter(reserves).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        }
        Ok(running.len())
    }

    async fn take_permit(&self, permit: &Permit) -> Result<(), LedgerError> {
        let unlimited = GrantTerms::default();
        self.shared.ledger.take_permit(&self.fence, permit, &unlimited).await.map(drop)
    }

    async fn give(&self, record: &Record) -> Result<(), LedgerError> {
        let Some(Permit { pool, key, round, revision, .. }) = Permit::of(record) else {
            return Ok(());
        };
        let revision = revision + 1;
        let back = PermitReturn { pool, key, round, revision, since: None, unspent: false };
        self.shared.ledger.give_permits(&self.fence, &[back]).await
    }
}

/// Announces the end of the job, if it has ended.
fn plan(restored: &Restored) -> Plan {
    let effects = restored.ending.map(Effect::Announce).into_iter().collect();
    Plan::of(Step { record: restored.record.clone(), effects })
}

/// `None` for a record that the ledger cannot read: it is left to an operator.
fn readable<T>(done: Result<T, Error>) -> Result<Option<T>, Error> {
    match done {
        Err(Error::Ledger(error @ LedgerError::Corrupt { .. })) => {
            tracing::error!(%error, "not compared with the journal");
            Ok(None)
        }
        done => done.map(Some),
    }
}
