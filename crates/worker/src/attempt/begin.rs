//! What leads to a POST: a new job, a queued one, and one that takes the place of a rejected message.

use job::{Delivered, Disposition, Fact, Kept, Reached, Readiness, Record, RetryDelay, readiness};
use kling::Route;
use ports::{LedgerError, Stored};
use recorder::{Intent, Plan, Written, Wrote};

use super::known::parked;
use super::{Attempt, Attempted, reject};
use crate::error::Error;
use crate::intake::Sending;
use crate::parking;

impl<'a> Attempt<'a> {
    pub(super) async fn new_job(&self, delivered: Delivered<'_>) -> Result<Attempted, Error> {
        if let Some(bad) = self.rejection() {
            let (shared, intake, fence) = (self.shared, self.intake, self.fence.clone());
            return Box::pin(reject(shared, intake, self.delivery, fence, bad)).await;
        }
        let record = self.record();
        let fit = match &self.decoded.fit {
            Ok(fit) => fit,
            Err(reason) => {
                let done = self.shared.begin(record, reason.fact()).await?;
                return Ok(parked(done, reason).into());
            }
        };
        if record.is_too_late(self.shared.clock.now()) {
            return Ok(self.shared.begin(record, Fact::DeadlinePassed).await?.into());
        }
        match self.may_send(&record, fit.route).await? {
            Ok(sending) => self.create(record, sending, delivered).await,
            Err(not_sent) => Ok(not_sent),
        }
    }

    async fn create(
        &self,
        record: Record,
        sending: Sending<'_>,
        delivered: Delivered<'_>,
    ) -> Result<Attempted, Error> {
        let plan = self.intend(record)?;
        match self.shared.recorder.writer().create(&self.fence, &plan).await {
            Ok(Wrote::Done(written)) => self.submit_planned(plan, &written, sending).await,
            Err(error @ LedgerError::Unavailable(_)) => {
                Ok(self.after_silence(plan, error, sending).await?.into())
            }
            Err(error) => Err(Error::Untouched(error)),
            Ok(Wrote::Changed(Some(stored))) => {
                drop(sending);
                self.give_back_surplus(&stored.record).await?;
                Box::pin(self.recover(*stored, delivered)).await
            }
            Ok(Wrote::Changed(None)) => Ok(Disposition::elsewhere().into()),
        }
    }

    /// A job whose record is queued.
    pub(super) async fn retry(&self, stored: Stored) -> Result<Attempted, Error> {
        let fit = match &self.decoded.fit {
            Ok(fit) => fit,
            Err(reason) => return Ok(self.unfit(stored, reason).await?.into()),
        };
        let account = &self.shared.settings.account;
        match readiness(&stored.record, account, self.shared.clock.now()) {
            Readiness::Ready => {}
            Readiness::TooLate => {
                return Ok(self.conclude(stored, Fact::DeadlinePassed).await?.into());
            }
            Readiness::OtherAccount => {
                let delay = RetryDelay::ThirtySeconds;
                return Ok(Disposition::Later(delay, Reached::Provider).into());
            }
        }
        let mut record = stored.record;
        record.account.clone_from(account);
        match self.may_send(&record, fit.route).await? {
            Ok(sending) => self.swap(record, stored.version, sending).await,
            Err(not_sent) => Ok(not_sent),
        }
    }

    async fn swap(
        &self,
        mut record: Record,
        version: u64,
        sending: Sending<'_>,
    ) -> Result<Attempted, Error> {
        // A record whose request was dropped (an operator's new round) gets it back here.
        if record.request.here().is_none() {
            record.request = Kept::Here(self.decoded.job.request.clone());
        }
        let plan = self.intend(record)?;
        match self.shared.recorder.writer().swap(&self.fence, version, &plan).await {
            Ok(Wrote::Done(written)) => self.submit_planned(plan, &written, sending).await,
            // Another delivery of the same job was faster; the next look will show it.
            Ok(Wrote::Changed(_)) => Ok(Disposition::elsewhere().into()),
            Err(error @ LedgerError::Unavailable(_)) => {
                Ok(self.after_silence(plan, error, sending).await?.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Its id was only used by a message that was no job.
    pub(super) async fn replace(
        &self,
        stored: Stored,
        may_be_sent: bool,
    ) -> Result<Attempted, Error> {
        if let Some(bad) = self.rejection() {
            let (shared, fence) = (self.shared, &self.fence);
            let rejected = parking::reject_again(shared, fence, self.delivery, stored, bad);
            return Ok(rejected.await?.into());
        }
        let installation = &self.shared.settings.rules.installation;
        let record = self.record().in_place_of(&stored.record, installation);
        let stored = Stored { record, ..stored };
        match may_be_sent {
            true => Ok(self.orphaned(stored, true).await?.into()),
            false => self.retry(stored).await,
        }
    }

    /// Permission to send, with a slot; else how the attempt ends.
    async fn may_send(
        &self,
        record: &Record,
        route: Route,
    ) -> Result<Result<Sending<'a>, Attempted>, Error> {
        match self.permission(route).await {
            Ok(sending) => Ok(self.take_slot(record).await?.map(|()| sending)),
            Err(not_now) => Ok(Err(self.turned_away(not_now).await.into())),
        }
    }

    /// The intent, to be written before anything is sent.
    fn intend(&self, mut record: Record) -> Result<Plan, Error> {
        record.worker_span = self.delivery.handling.traceparent().map(str::to_owned);
        let owner = self.fence.owner.clone();
        let post_deadline = self.shared.clock.now() + self.shared.settings.post_timeout;
        let intent = self.shared.clock.fresh_id().to_string();
        let fact = Fact::Taken { owner, intent, post_deadline };
        Ok(self.shared.recorder.writer().plan(record, fact)?)
    }

    async fn submit_planned(
        &self,
        plan: Plan,
        written: &Written,
        sending: Sending<'_>,
    ) -> Result<Attempted, Error> {
        let intent = self.intent(plan.into_record(), written.version);
        Ok(self.submit(intent, sending).await?.into())
    }

    pub(super) fn intent(&self, record: Record, version: u64) -> Intent {
        Intent { record, version, fence: self.fence.clone() }
    }
}
