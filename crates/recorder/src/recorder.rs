//! Applies a fact to a record and writes it. `follow_up` does what follows from the write.

use std::sync::Arc;
use std::time::Duration;

use job::{CloudEvent, Effect, Fact, Illegal, Record, Step};
use ports::{Broker, Fence, LedgerError, PublishError, Stored};

use crate::announces::{Announces, Earlier};
use crate::batch::Batcher;
use crate::plan::Plan;
use crate::session::Session;
use crate::whole::whole;
use crate::writer::{Writer, Wrote};

/// Writes records and does what follows. The caller passes the fence under which a record was read:
/// another generation counts its versions anew.
pub struct Recorder {
    pub(crate) writer: Writer,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) session: Arc<Session>,
    pub(crate) announces: Announces,
    /// Whether the owners of tasks and files are stored: callbacks propose tasks, and requests to
    /// one of several accounts name both.
    pub(crate) notes_owners: bool,
}

/// The result of applying a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// It is in the ledger, and what follows from it is done.
    Done(Box<Record>),
    /// The record was changed in between; nothing was written. The present record, if it was read.
    Changed(Option<Box<Stored>>),
    /// It cannot happen to this record any more.
    Illegal(Box<Illegal>),
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is unknown whether anything was written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger has it and the journal does not; given up while draining, maybe neither does.
    #[error("not journaled: {error}")]
    Unjournaled { record: Box<Record>, error: PublishError },
    /// The ledger has it: a poller announces it later.
    #[error("announced later: {0}")]
    Unannounced(PublishError),
}

impl Recorder {
    /// Pollers announce what it writes.
    pub fn new(writer: Writer, broker: Arc<dyn Broker>, session: Arc<Session>) -> Self {
        Self { writer, broker, session, announces: Announces::Later, notes_owners: false }
    }

    /// Announces what it writes itself.
    #[must_use]
    pub fn announcing(self, batcher: Batcher, lease: Duration) -> Self {
        let writer = Writer { outbox_lease: lease, ..self.writer };
        Self { writer, announces: Announces::Itself(batcher), ..self }
    }

    #[must_use]
    pub fn noting_owners(self, notes_owners: bool) -> Self {
        Self { notes_owners, ..self }
    }

    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The first record of a job.
    pub async fn begin(&self, fence: &Fence, record: Record, fact: Fact) -> Result<Applied, Error> {
        match self.writer.plan(record, fact) {
            Ok(plan) => self.create(fence, plan).await,
            Err(illegal) => Ok(Applied::Illegal(illegal)),
        }
    }

    pub async fn create(&self, fence: &Fence, plan: Plan) -> Result<Applied, Error> {
        match self.writer.create(fence, &plan).await? {
            Wrote::Done(written) => {
                self.follow_up(plan, written, Earlier::Perhaps).await.map(Applied::Done)
            }
            Wrote::Changed(there) => Ok(Applied::Changed(there)),
        }
    }

    /// A fact about a record that others may be changing too. One try.
    pub async fn apply(&self, fence: &Fence, stored: Stored, fact: Fact) -> Result<Applied, Error> {
        match self.writer.plan(stored.record, fact) {
            Ok(plan) => self.swap(fence, stored.version, plan).await,
            Err(illegal) => Ok(Applied::Illegal(illegal)),
        }
    }

    /// Writes a plan over the version that it was made from.
    pub async fn swap(&self, fence: &Fence, version: u64, plan: Plan) -> Result<Applied, Error> {
        let Some(plan) = self.in_hand(version, plan).await? else {
            return Ok(Applied::Changed(None));
        };
        match self.writer.swap(fence, version, &plan).await? {
            Wrote::Done(written) => {
                self.follow_up(plan, written, Earlier::Journaled).await.map(Applied::Done)
            }
            Wrote::Changed(there) => Ok(Applied::Changed(there)),
        }
    }

    /// Adds an event and leaves the record as it is. The record does not show the event: it is in
    /// the journal line, for a ledger that loses its outbox.
    pub async fn announce_beside(
        &self,
        fence: &Fence,
        stored: Stored,
        event: impl FnOnce(&Record) -> CloudEvent,
    ) -> Result<Applied, Error> {
        let Stored { record, version, owner_alive } = stored;
        let Some(record) = whole(self.writer.ledger.as_ref(), version, record).await? else {
            return Ok(Applied::Changed(None));
        };
        let entry = self.writer.announcer.entry(&record, &event(&record));
        let line = self.line(&record, Some(&entry.message.body))?;
        let stored = Stored { record: record.clone(), version, owner_alive };
        match self.writer.write_beside(fence, stored, entry).await? {
            Wrote::Done(_) => self.publish_line(&record, line).await?,
            Wrote::Changed(there) => return Ok(Applied::Changed(there)),
        }
        Ok(Applied::Done(Box::new(record)))
    }

    /// Loads the request, unless a look brings no news: announcements, journal lines and job
    /// messages contain it. `None`: the record has changed since.
    async fn in_hand(&self, version: u64, plan: Plan) -> Result<Option<Plan>, LedgerError> {
        let sends =
            |effect: &Effect| matches!(effect, Effect::Announce(_) | Effect::Requeue { .. });
        let sends_nothing = !plan.is_news() && !plan.step.effects.iter().any(sends);
        if sends_nothing && matches!(self.announces, Announces::Itself(_)) {
            return Ok(Some(plan));
        }
        let Plan { step, was } = plan;
        let record = whole(self.writer.ledger.as_ref(), version, step.record).await?;
        Ok(record.map(|record| Plan { step: Step { record, effects: step.effects }, was }))
    }
}
