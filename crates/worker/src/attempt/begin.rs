//! What leads to a POST: a new job, a queued one, and one that takes the place of a rejected message.

use std::time::Duration;

use job::{Delivered, Disposition, Fact, Kept, Reached, Readiness, Record, RetryDelay, readiness};
use kling::Route;
use ports::{LedgerError, Stored};
use recorder::{Plan, Written, Wrote};

use super::known::parked;
use super::slot::NotSent;
use super::{Attempt, reject};
use crate::error::Error;
use crate::intake::{NotNow, Sending};
use crate::parking;
use crate::queue_kind::QueueKind;
use crate::submission::NotReserved;

/// So long a delivery may keep those of other accounts in its lane waiting.
const OTHERS_WAIT: Duration = Duration::from_millis(500);

impl<'a> Attempt<'a> {
    pub(super) async fn new_job(&self, delivered: Delivered<'_>) -> Result<Disposition, Error> {
        if let Some(bad) = self.rejection() {
            let (shared, intake, fence) = (self.shared, self.intake, self.submission.fence.clone());
            let rejected = reject(
                shared,
                intake,
                self.delivery,
                self.queue,
                fence,
                bad,
                self.possible_accounts.clone(),
            );
            return Box::pin(rejected).await;
        }
        let mut record = self.record();
        let fit = match &self.submission.decoded.fit {
            Ok(fit) => fit,
            Err(reason) => {
                let done = self.begin(record, reason.fact()).await?;
                return Ok(parked(done, reason));
            }
        };
        if record.is_too_late(self.shared.clock.now()) {
            return self.begin(record, Fact::DeadlinePassed).await;
        }
        let overflow = self.overflow_queue(&record);
        if let Some(queue) = overflow.filter(|_| self.shared.full_rooms.is_full(&record)) {
            return Ok(Disposition::Overflow(queue));
        }
        match self.may_send(&mut record, fit.route).await? {
            Ok(sending) => self.create(record, sending, delivered).await,
            Err(NotSent::Waits { why, waiting }) => match overflow {
                Some(queue) if !self.finds_place(&record, queue.resource, waiting).await => {
                    Ok(Disposition::Overflow(queue))
                }
                Some(_) | None => self.begin(record, Fact::NoSlot { why }).await,
            },
            Err(NotSent::Refused(error)) => self.begin(record, Fact::Refused { error }).await,
            Err(NotSent::Returns(later)) => Ok(later),
        }
    }

    async fn create(
        &self,
        record: Record,
        sending: Sending<'_>,
        delivered: Delivered<'_>,
    ) -> Result<Disposition, Error> {
        let plan = self.submission.intend(record)?;
        match self.shared.recorder.writer().create(&self.submission.fence, &plan).await {
            Ok(Wrote::Done(written)) => self.submit_planned(plan, &written, sending).await,
            Err(error @ LedgerError::Unavailable(_)) => {
                self.submission.after_silence(plan, error, sending).await
            }
            Err(error) => Err(Error::Untouched(error)),
            Ok(Wrote::Changed(Some(stored))) => {
                drop(sending);
                self.give_back_surplus(&stored.record).await?;
                Box::pin(self.recover(*stored, delivered)).await
            }
            Ok(Wrote::Changed(None)) => Ok(Disposition::elsewhere()),
        }
    }

    /// A job whose record is queued.
    pub(super) async fn retry(&self, stored: Stored) -> Result<Disposition, Error> {
        let fit = match &self.submission.decoded.fit {
            Ok(fit) => fit,
            Err(reason) => return self.unfit(stored, reason).await,
        };
        let account = &self.shared.settings.account;
        match readiness(&stored.record, account, self.shared.clock.now()) {
            Readiness::TooLate => {
                return self.conclude(stored, Fact::DeadlinePassed).await;
            }
            Readiness::Ready | Readiness::OtherAccount
                if self.stays_with_another(&stored.record) =>
            {
                return Ok(Disposition::Later(RetryDelay::OneSecond, Reached::Provider));
            }
            Readiness::Ready => {}
            Readiness::OtherAccount => {
                let delay = RetryDelay::ThirtySeconds;
                return Ok(Disposition::Later(delay, Reached::Provider));
            }
        }
        let Stored { mut record, version, owner_alive } = stored;
        record.account.clone_from(account);
        // A record whose request was dropped (an operator's new round) gets it back here.
        if record.request.is_nothing() {
            record.request = Kept::Here(self.submission.decoded.job.request.clone());
        }
        match self.may_send(&mut record, fit.route).await? {
            Ok(sending) => self.swap(record, version, sending).await,
            Err(NotSent::Waits { why, .. }) => {
                let stored = Stored { record, version, owner_alive };
                self.conclude(stored, Fact::NoSlot { why }).await
            }
            Err(NotSent::Refused(error)) => {
                let stored = Stored { record, version, owner_alive };
                self.conclude(stored, Fact::Refused { error }).await
            }
            Err(NotSent::Returns(later)) => Ok(later),
        }
    }

    /// Its message returns, and is then known to be that one's.
    fn stays_with_another(&self, record: &Record) -> bool {
        record.stays_with_its_account() && self.shared.other_accounts.contains(&record.account)
    }

    async fn swap(
        &self,
        record: Record,
        version: u64,
        sending: Sending<'_>,
    ) -> Result<Disposition, Error> {
        let plan = self.submission.intend(record)?;
        match self.shared.recorder.writer().swap(&self.submission.fence, version, &plan).await {
            Ok(Wrote::Done(written)) => self.submit_planned(plan, &written, sending).await,
            // Another delivery of the same job was faster; the next look will show it.
            Ok(Wrote::Changed(_)) => Ok(Disposition::elsewhere()),
            Err(error @ LedgerError::Unavailable(_)) => {
                self.submission.after_silence(plan, error, sending).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Its id was only used by a message that was no job.
    pub(super) async fn replace(
        &self,
        stored: Stored,
        may_be_sent: bool,
    ) -> Result<Disposition, Error> {
        if let Some(bad) = self.rejection() {
            let (shared, fence) = (self.shared, &self.submission.fence);
            let rejected = parking::reject_again(shared, fence, self.delivery, stored, bad);
            return rejected.await;
        }
        let installation = &self.shared.settings.rules.installation;
        let record = self.record().in_place_of(&stored.record, installation);
        match may_be_sent {
            true => self.record_lost(record, Some(stored)).await,
            false => self.retry(Stored { record, ..stored }).await,
        }
    }

    /// Permission to send, with a slot and the money; else how the attempt ends.
    async fn may_send(
        &self,
        record: &mut Record,
        route: Route,
    ) -> Result<Result<Sending<'a>, NotSent>, Error> {
        if self.queue == QueueKind::Overflow {
            let why = "jobs of its tenant wait before it".to_owned();
            return Ok(Err(NotSent::Waits { why, waiting: None }));
        }
        match self.permission(record, route).await {
            Ok(sending) => match self.take_slot(record).await? {
                Ok(()) => Ok(self.reserve(record).await?.map(|()| sending)),
                Err(not) => Ok(Err(not)),
            },
            // It may hold the slot of an earlier POST: it waits for its lane, and for no slot.
            Err(NotNow::Lane { .. }) if record.sent_before => {
                Ok(Err(NotSent::Returns(Disposition::unrecorded(RetryDelay::OneSecond))))
            }
            Err(NotNow::Lane { why }) => Ok(Err(NotSent::Waits { why, waiting: None })),
            Err(NotNow::Tenant { why, .. }) if !record.sent_before => {
                Ok(Err(NotSent::Waits { why, waiting: None }))
            }
            Err(NotNow::Tenant { after, .. } | NotNow::Job { after, .. }) => {
                self.intake.delay_put_back(self.shared.clock.as_ref()).await;
                Ok(Err(NotSent::Returns(Disposition::unrecorded(after))))
            }
        }
    }

    /// The cap of its tenant holds no job that may have been paid for.
    async fn permission(&self, record: &Record, route: Route) -> Result<Sending<'a>, NotNow> {
        if !record.sent_before {
            self.submission.not_capped().await?;
        }
        let permission = self.submission.permission(route);
        if self.shared.other_accounts.is_empty() || record.sent_before {
            return permission.await;
        }
        let why = || "another job of its account tries first".to_owned();
        let in_time = tokio::time::timeout(OTHERS_WAIT, permission).await;
        in_time.unwrap_or_else(|_| Err(NotNow::Lane { why: why() }))
    }

    /// Without the money its slot is given back with the record.
    async fn reserve(&self, record: &mut Record) -> Result<Result<(), NotSent>, Error> {
        Ok(self.submission.reserve(record).await?.map_err(|not| match not {
            NotReserved::Waits { why, .. } => NotSent::Waits { why, waiting: None },
            NotReserved::Refused(error) => NotSent::Refused(error),
        }))
    }

    async fn submit_planned(
        &self,
        plan: Plan,
        written: &Written,
        sending: Sending<'_>,
    ) -> Result<Disposition, Error> {
        let intent = self.submission.intent(plan.into_record(), written.version);
        self.submission.submit(intent, sending).await
    }
}
