//! One attempt at a job: from what the ledger knows of it to how its delivery is settled.
//!
//! `begin` leads to a POST and `known` does not. `slot` takes the slot; without one the job waits in
//! the waiting room.

mod begin;
mod known;
mod record;
mod rejected;
mod room;
mod slot;

use std::sync::Arc;

use job::{Admission, Delivered, Disposition, Fact, Reason, Record, Recovery, admit, recover};
use ports::{Delivery, Fence, Stored, header};

pub(crate) use self::rejected::reject;
use crate::decode::Decoded;
use crate::error::Error;
use crate::intake::Intake;
use crate::origin::Origin;
use crate::parking;
use crate::queue_kind::QueueKind;
use crate::shared::Shared;
use crate::submission::Submission;

pub(crate) struct Attempt<'a> {
    shared: &'a Shared,
    intake: &'a Intake,
    delivery: &'a Delivery,
    submission: Submission<'a>,
    origin: Origin,
    queue: QueueKind,
    /// The accounts that the job may have been sent with; empty: only this one.
    possible_accounts: Vec<String>,
}

/// Whether the ledger may know the job of a delivery.
pub(crate) fn may_be_known(delivery: &Delivery, queue: QueueKind) -> bool {
    delivery.redelivered || delivery.message.retries() > 0 || queue == QueueKind::Overflow
}

impl<'a> Attempt<'a> {
    /// `fence`: read before the ledger was found open.
    pub(crate) fn new(
        shared: &'a Shared,
        intake: &'a Intake,
        delivery: &'a Delivery,
        queue: QueueKind,
        fence: Arc<Fence>,
        decoded: Decoded,
        possible_accounts: Vec<String>,
    ) -> Self {
        let origin = Origin::of(&delivery.message, shared.clock.now());
        shared.wrong_clocks.warn_once(&decoded.job.key.tenant, &delivery.message, &origin);
        let handling = &delivery.handling;
        let submission = Submission { shared, intake, fence, decoded, handling };
        Self { shared, intake, delivery, submission, origin, queue, possible_accounts }
    }

    /// A message that was surely never seen is not looked up: creating its record shows it.
    pub(crate) async fn run(self) -> Result<Disposition, Error> {
        // A job that cannot be done here may be known all the same.
        let found =
            match may_be_known(self.delivery, self.queue) || self.submission.decoded.fit.is_err() {
                true => self.load().await?,
                false => None,
            };
        let delivered = self.delivered();
        match found {
            None => Box::pin(self.admit(delivered)).await,
            Some(stored) => Box::pin(self.recover(stored, delivered)).await,
        }
    }

    async fn load(&self) -> Result<Option<Stored>, Error> {
        self.shared.ledger.load(&self.submission.decoded.job.key).await.map_err(Error::Untouched)
    }

    fn delivered(&self) -> Delivered<'_> {
        Delivered {
            reached: self.delivery.reached(),
            enqueued: self.origin.enqueued_at,
            life: self.origin.life.as_ref(),
            unsent: self.delivery.message.get(header::UNSENT),
            skew: self.shared.settings.producer_skew,
            began_at: self.submission.fence.generation.began_at,
            now: self.shared.clock.now(),
        }
    }

    /// Without a record: the only way to [`Self::new_job`].
    async fn admit(&self, delivered: Delivered<'_>) -> Result<Disposition, Error> {
        match admit(&delivered) {
            Admission::New => self.new_job(delivered).await,
            Admission::RecordLost => self.record_lost(self.record(), None).await,
        }
    }

    async fn recover(
        &self,
        stored: Stored,
        delivered: Delivered<'_>,
    ) -> Result<Disposition, Error> {
        let hash = self.submission.decoded.job.request.hash();
        let stored = self.with_request(stored, &hash);
        let done = match recover(&stored.record, stored.owner_alive, &hash, &delivered) {
            Recovery::Retry => self.retry(stored).await?,
            Recovery::Waits => self.waits(stored).await?,
            Recovery::Replacement { may_be_sent } => self.replace(stored, may_be_sent).await?,
            Recovery::RecordLost => self.record_lost(self.record(), Some(stored)).await?,
            Recovery::Cancelled => self.cancelled(stored).await?,
            Recovery::Withdrawn => self.withdrawn(stored).await?,
            Recovery::BeginsAgain => self.begins_again(stored).await?,
            Recovery::Duplicate => self.duplicate(stored).await?,
            Recovery::BeingSubmitted => Disposition::elsewhere(),
            Recovery::Orphaned { forgot } => self.orphaned(stored, forgot).await?,
            Recovery::Conflict => {
                let (shared, fence, other) = (self.shared, &self.submission.fence, hash.as_str());
                parking::conflict(shared, fence, stored, other, Reason::Conflict).await?
            }
            Recovery::Unsent => self.unsent_before(stored).await?,
            Recovery::SentBeside => {
                self.sent_beside(stored, "another message of this job may have been sent too")
                    .await?
            }
            Recovery::ConflictSentBeside => {
                self.sent_beside(stored, "another request under this id may have been sent too")
                    .await?;
                Disposition::elsewhere()
            }
        };
        Ok(done)
    }

    async fn begin(&self, record: Record, fact: Fact) -> Result<Disposition, Error> {
        self.shared.begin(&self.submission.fence, record, fact).await
    }

    async fn conclude(&self, stored: Stored, fact: Fact) -> Result<Disposition, Error> {
        self.shared.apply(&self.submission.fence, stored, fact).await
    }
}
