//! One attempt at a job: from what the ledger knows of it to how its delivery is settled.
//!
//! `begin` leads to a POST and `known` does not. Before a POST, `permission` asks whether one may be
//! sent now and `slot` takes its slot; `send` makes it and has the answer recorded.

mod begin;
mod known;
mod permission;
mod record;
mod rejected;
mod send;
mod slot;

use std::sync::Arc;

use job::{Admission, Delivered, Disposition, Fact, Reason, Recovery, admit, recover};
use ports::{Delivery, Fence, Stored, header};

pub(crate) use self::rejected::reject;
use crate::decode::Decoded;
use crate::error::Error;
use crate::intake::Intake;
use crate::origin::Origin;
use crate::parking;
use crate::shared::Shared;
use crate::slot_request::SlotRequest;

/// How an attempt ends, if it does not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Attempted {
    Done(Disposition),
    /// The pool has fewer free slots than the job needs. Nothing was recorded or sent.
    NoSlot {
        need: u32,
    },
}

impl From<Disposition> for Attempted {
    fn from(disposition: Disposition) -> Self {
        Self::Done(disposition)
    }
}

pub(crate) struct Attempt<'a> {
    shared: &'a Shared,
    intake: &'a Intake,
    delivery: &'a Delivery,
    fence: Arc<Fence>,
    decoded: Decoded,
    slot: &'a SlotRequest,
    origin: Origin,
}

impl<'a> Attempt<'a> {
    /// `fence`: read before the ledger was found open.
    pub(crate) fn new(
        shared: &'a Shared,
        intake: &'a Intake,
        delivery: &'a Delivery,
        fence: Arc<Fence>,
        decoded: Decoded,
        slot: &'a SlotRequest,
    ) -> Self {
        let origin = Origin::of(&delivery.message, shared.clock.now());
        shared.wrong_clocks.warn_once(&decoded.job.key.tenant, &delivery.message, &origin);
        Self { shared, intake, delivery, fence, decoded, slot, origin }
    }

    /// A message that was surely never seen is not looked up: creating its record shows it.
    pub(crate) async fn run(self) -> Result<Attempted, Error> {
        let seen_before = self.delivery.redelivered || self.delivery.message.retries() > 0;
        // A job that cannot be done here may be known all the same.
        let found = match seen_before || self.decoded.fit.is_err() {
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
        self.shared.ledger.load(&self.decoded.job.key).await.map_err(Error::Untouched)
    }

    fn delivered(&self) -> Delivered<'_> {
        Delivered {
            reached: self.delivery.reached(),
            enqueued: self.origin.enqueued_at,
            life: self.origin.life.as_ref(),
            unsent: self.delivery.message.get(header::UNSENT),
            skew: self.shared.settings.producer_skew,
            began_at: self.fence.generation.began_at,
            now: self.shared.clock.now(),
        }
    }

    /// Without a record: the only way to [`Self::new_job`].
    async fn admit(&self, delivered: Delivered<'_>) -> Result<Attempted, Error> {
        match admit(&delivered) {
            Admission::New => self.new_job(delivered).await,
            Admission::RecordLost => Ok(self.record_lost(None).await?.into()),
        }
    }

    async fn recover(&self, stored: Stored, delivered: Delivered<'_>) -> Result<Attempted, Error> {
        let hash = self.decoded.job.request.hash();
        let stored = self.with_request(stored, &hash);
        let done = match recover(&stored.record, stored.owner_alive, &hash, &delivered) {
            Recovery::Retry => return self.retry(stored).await,
            Recovery::Replacement { may_be_sent } => {
                return self.replace(stored, may_be_sent).await;
            }
            Recovery::RecordLost => self.record_lost(Some(stored)).await?,
            Recovery::Cancelled => self.cancelled(stored).await?,
            Recovery::Withdrawn => self.withdrawn(stored).await?,
            Recovery::BeginsAgain => self.begins_again(stored).await?,
            Recovery::Duplicate => self.duplicate(stored).await?,
            Recovery::BeingSubmitted => Disposition::elsewhere(),
            Recovery::Orphaned { forgot } => self.orphaned(stored, forgot).await?,
            Recovery::Conflict => {
                let (shared, fence, other) = (self.shared, &self.fence, hash.as_str());
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
        Ok(done.into())
    }

    async fn conclude(&self, stored: Stored, fact: Fact) -> Result<Disposition, Error> {
        self.shared.apply(&self.fence, stored, fact).await
    }
}
