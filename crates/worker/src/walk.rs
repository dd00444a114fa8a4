//! A job's way through the worker, once its message is understood.

mod leave;
mod send;
mod slot;

use job::{
    Admission, BadJob, Delivered, Fact, Kept, Outcome, Reached, Readiness, Reason, Record,
    Recovery, RequestHash, Resource, RetryDelay, State, admit, readiness, record_lost, recover,
};
use kling::Route;
use ports::{Delivery, Fence, LedgerError, Stored, header};
use recorder::{Intent, Phase, Plan, Written, Wrote};

use crate::ending::{Ending, Trouble};
use crate::gate::{Gate, Pass, Reopen};
use crate::gatekeeper::REBUILT;
use crate::intake::Accepted;
use crate::settle::Settler;
use crate::shared::Shared;
use crate::slot_queue::Try;
use crate::told::Told;

pub(crate) struct Walk<'a> {
    shared: &'a Shared,
    gate: &'a Gate,
    delivery: &'a Delivery,
    accepted: Accepted,
    leave: &'a Try,
    told: Told,
    fence: std::sync::Arc<Fence>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        gate: &'a Gate,
        delivery: &'a Delivery,
        accepted: Accepted,
        leave: &'a Try,
    ) -> Self {
        let told = Told::by(&delivery.message, shared.clock.now());
        shared.wrong_clocks.see(&accepted.job.key.tenant, &delivery.message, &told);
        Self { shared, gate, delivery, accepted, leave, told, fence: shared.session.fence() }
    }

    /// A message that was surely never seen is not looked up: creating its record tells.
    pub(crate) async fn go(self) -> Result<Ending, Trouble> {
        if self.shared.session.phase() < Phase::Recalling {
            self.gate.close(REBUILT, Reopen::WhenRebuilt);
            return Ok(Ending::bounce(RetryDelay::OneSecond));
        }
        let delivered = self.delivered();
        let seen_before = self.delivery.redelivered || self.delivery.message.retries() > 0;
        // What cannot be done here may be known as a job all the same.
        let seen_before = seen_before || self.accepted.fit.is_err();
        let found = match seen_before {
            true => self.load().await?,
            false => None,
        };
        match found {
            None => Box::pin(self.admit(delivered)).await,
            Some(stored) => Box::pin(self.recover(stored, delivered)).await,
        }
    }

    async fn load(&self) -> Result<Option<Stored>, Trouble> {
        self.shared.ledger.load(&self.accepted.job.key).await.map_err(Trouble::Untouched)
    }

    fn delivered(&self) -> Delivered<'_> {
        let now = self.shared.clock.now();
        Delivered {
            reached: self.delivery.reached(),
            enqueued: self.told.enqueued_at,
            life: self.told.life.as_ref(),
            unsent: self.delivery.message.get(header::UNSENT),
            skew: self.shared.settings.producer_skew,
            began_at: self.fence.generation.began_at,
            now,
        }
    }

    /// Without a record: the only way to [`Self::new_job`].
    async fn admit(&self, delivered: Delivered<'_>) -> Result<Ending, Trouble> {
        match admit(&delivered) {
            Admission::New => self.new_job(delivered).await,
            Admission::RecordLost => self.record_lost(None).await,
        }
    }

    async fn recover(&self, stored: Stored, delivered: Delivered<'_>) -> Result<Ending, Trouble> {
        let hash = self.accepted.job.request.hash();
        let mut stored = self.in_hand(stored, &hash);
        match recover(&stored.record, stored.owner_alive, &hash, &delivered) {
            Recovery::RecordLost => self.record_lost(Some(stored)).await,
            Recovery::Retry => self.retry(stored).await,
            Recovery::Replacement { may_be_sent } => self.replace(stored, may_be_sent).await,
            Recovery::Cancelled => self.cancelled(stored).await,
            Recovery::Withdrawn => {
                stored.record.restored = false;
                self.conclude(stored, Fact::CancelRequested).await
            }
            // Its message comes back at once and finds the new round.
            Recovery::BeginsAgain => {
                let why = "published again after it was given up".to_owned();
                self.conclude(stored, Fact::Again { why }).await
            }
            Recovery::Duplicate => self.duplicate(stored).await,
            Recovery::BeingSubmitted => Ok(Ending::elsewhere()),
            Recovery::Orphaned { forgot } => self.orphaned(stored, forgot).await,
            Recovery::Conflict => {
                let (shared, fence) = (self.shared, &self.fence);
                crate::parking::conflict(shared, fence, stored, hash.as_str(), Reason::Conflict)
                    .await
            }
            Recovery::Unsent => {
                let why = "the intent was written and put back unsent".to_owned();
                self.conclude(stored, Fact::PutOff { why }).await
            }
            Recovery::SentBeside => {
                let cause = "another message of this job may have been sent too".to_owned();
                self.conclude(stored, Fact::Repeated { cause }).await
            }
            Recovery::ConflictSentBeside => {
                let cause = "another request under this id may have been sent too".to_owned();
                self.conclude(stored, Fact::Repeated { cause }).await?;
                Ok(Ending::elsewhere())
            }
        }
    }

    /// Its id was only used by a message that was no job.
    async fn replace(&self, stored: Stored, may_be_sent: bool) -> Result<Ending, Trouble> {
        if let Some(bad) = self.rejection() {
            let (shared, fence) = (self.shared, &self.fence);
            return crate::parking::reject_again(shared, fence, self.delivery, stored, bad).await;
        }
        let installation = &self.shared.settings.rules.installation;
        let record = self.record().in_place_of(&stored.record, installation);
        let stored = Stored { record, ..stored };
        match may_be_sent {
            true => self.orphaned(stored, true).await,
            false => self.retry(stored).await,
        }
    }

    /// The request that the ledger left apart is the one that this message brings.
    fn in_hand(&self, mut stored: Stored, hash: &RequestHash) -> Stored {
        if stored.record.request.is_apart() && stored.record.is_of(hash) {
            stored.record.request = Kept::Here(self.accepted.job.request.clone());
        }
        stored
    }

    fn settler(&self) -> Settler<'a> {
        Settler { shared: self.shared }
    }

    fn written(&self, plan: Plan, written: &Written) -> Intent {
        self.intent(plan.into_record(), written.version)
    }

    fn intent(&self, record: Record, version: u64) -> Intent {
        Intent { record, version, fence: self.fence.clone() }
    }

    async fn new_job(&self, delivered: Delivered<'_>) -> Result<Ending, Trouble> {
        if let Some(bad) = self.rejection() {
            return Box::pin(crate::parking::reject(self.shared, self.gate, self.delivery, bad))
                .await;
        }
        let record = self.record();
        let fit = match &self.accepted.fit {
            Ok(fit) => fit,
            Err(reason) => {
                return Ok(kept(self.settler().begin(record, reason.fact()).await?, reason));
            }
        };
        if record.is_too_late(self.shared.clock.now()) {
            return self.settler().begin(record, Fact::DeadlinePassed).await;
        }
        let pass = match self.pass(&record, fit.route).await? {
            Ok(pass) => pass,
            Err(ending) => return Ok(ending),
        };
        let plan = self.intend(record)?;
        match self.shared.recorder.writer().create(&self.fence, &plan).await {
            Ok(Wrote::Done(written)) => self.submit(self.written(plan, &written), pass).await,
            Err(error @ LedgerError::Unavailable(_)) => self.after_silence(plan, error, pass).await,
            Err(error) => Err(Trouble::Untouched(error)),
            Ok(Wrote::Changed(Some(stored))) => {
                drop(pass);
                self.give_back_surplus(&stored.record).await?;
                Box::pin(self.recover(*stored, delivered)).await
            }
            Ok(Wrote::Changed(None)) => Ok(Ending::elsewhere()),
        }
    }

    /// Leave to send, with a slot; else how the delivery ends.
    async fn pass(
        &self,
        record: &Record,
        route: Route,
    ) -> Result<Result<Pass<'a>, Ending>, Trouble> {
        match self.leave_to_send(route).await {
            Ok(pass) => Ok(self.permit(record).await?.map_or(Ok(pass), Err)),
            Err(not_now) => Ok(Err(self.turned_away(not_now).await)),
        }
    }

    /// A job that cannot be done, or not here: `None` when its message is none that is rejected.
    fn rejection(&self) -> Option<BadJob> {
        let reason = self.accepted.fit.as_ref().err().filter(|reason| reason.is_rejection())?;
        let (job, came_by) = (&self.accepted.job, &self.delivery.routing_key);
        Some(BadJob {
            reason: reason.clone(),
            key: Some(job.key.clone()),
            tenant: Some(job.key.tenant.clone()),
            operation: Some(job.operation.clone()),
            metadata: job.metadata.clone(),
            request: Some(job.request.clone()),
            came_by: job.operation.resource().or(Resource::of_routing_key(came_by)),
            job: None,
        })
    }

    /// It is known as a job and waits: it ends, or a person decides.
    async fn unfit(&self, stored: Stored, reason: &Reason) -> Result<Ending, Trouble> {
        Ok(kept(self.conclude(stored, reason.fact()).await?, reason))
    }

    /// Whoever rejected it may have died before its message was kept.
    async fn duplicate(&self, stored: Stored) -> Result<Ending, Trouble> {
        let ending = self.settler().duplicate(&stored.record).await?;
        let rejected =
            matches!(stored.record.state, State::Settled { outcome: Outcome::Rejected { .. }, .. });
        match &self.accepted.fit {
            Err(reason) if rejected && reason.is_rejection() => Ok(kept(ending, reason)),
            _ => Ok(ending),
        }
    }

    async fn retry(&self, stored: Stored) -> Result<Ending, Trouble> {
        let fit = match &self.accepted.fit {
            Ok(fit) => fit,
            Err(reason) => return self.unfit(stored, reason).await,
        };
        let account = &self.shared.settings.account;
        match readiness(&stored.record, account, self.shared.clock.now()) {
            Readiness::Ready => {}
            Readiness::TooLate => return self.conclude(stored, Fact::DeadlinePassed).await,
            Readiness::OtherAccount => {
                return Ok(Ending::Later(RetryDelay::ThirtySeconds, Reached::Provider));
            }
        }
        let mut record = stored.record;
        record.account.clone_from(account);
        let pass = match self.pass(&record, fit.route).await? {
            Ok(pass) => pass,
            Err(ending) => return Ok(ending),
        };
        // A record whose request was dropped (an operator's new round) gets it back here.
        if record.request.here().is_none() {
            record.request = Kept::Here(self.accepted.job.request.clone());
        }
        let plan = self.intend(record)?;
        match self.shared.recorder.writer().swap(&self.fence, stored.version, &plan).await {
            Ok(Wrote::Done(written)) => self.submit(self.written(plan, &written), pass).await,
            // Another delivery of the same job was faster; the next look will tell.
            Ok(Wrote::Changed(_)) => Ok(Ending::elsewhere()),
            Err(error @ LedgerError::Unavailable(_)) => self.after_silence(plan, error, pass).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The job's own words fill the tombstone, so that its event says what was cancelled.
    async fn cancelled(&self, stored: Stored) -> Result<Ending, Trouble> {
        let record = self.record().cancelled_ahead(&stored.record);
        self.conclude(Stored { record, ..stored }, Fact::CancelRequested).await
    }

    /// `forgot`: the ledger does not show that somebody was submitting it.
    async fn orphaned(&self, mut stored: Stored, forgot: bool) -> Result<Ending, Trouble> {
        if forgot {
            stored.record = self.suppose_sent(stored.record).await?;
        }
        let cause = "the worker that was submitting it is gone".to_owned();
        self.conclude(stored, Fact::OwnerLost { cause }).await
    }

    async fn conclude(&self, stored: Stored, fact: Fact) -> Result<Ending, Trouble> {
        self.settler().conclude(&self.fence, stored, fact).await
    }

    /// A tombstone may be in its place, which tells nothing of it.
    async fn record_lost(&self, tombstone: Option<Stored>) -> Result<Ending, Trouble> {
        let record = self.suppose_sent(self.record()).await?;
        let cause = "seen before, and the ledger has since lost its memory".to_owned();
        let fact = record_lost(cause, self.told.life.as_ref());
        match tombstone {
            Some(stored) => self.conclude(Stored { record, ..stored }, fact).await,
            None => self.settler().begin(record, fact).await,
        }
    }

    async fn suppose_sent(&self, record: Record) -> Result<Record, Trouble> {
        let post_deadline = self.shared.clock.now() + self.shared.settings.post_timeout;
        let record = record.supposed_sent(post_deadline);
        self.shared.recorder.writer().hold(&self.fence, &record).await?;
        Ok(record)
    }

    fn record(&self) -> Record {
        let settings = &self.shared.settings;
        let now = self.shared.clock.now();
        let job = &self.accepted.job;
        let mut record = Record::new(job, &settings.account, &settings.rules.installation, now);
        let message = &self.delivery.message;
        if let Some(life) = &self.told.life {
            record = record.in_life(life.clone(), &settings.rules.installation);
        }
        record.slots = self.accepted.slots();
        record.enqueued_at = self.told.enqueued_at;
        let trace = message.trace_context();
        (record.traceparent, record.tracestate) = (trace.traceparent, trace.tracestate);
        record
    }

    /// The intent, to be written before anything is sent.
    fn intend(&self, mut record: Record) -> Result<Plan, Trouble> {
        record.worker_span = self.delivery.handling.traceparent().map(str::to_owned);
        let owner = self.fence.owner.clone();
        let post_deadline = self.shared.clock.now() + self.shared.settings.post_timeout;
        let intent = self.shared.clock.fresh_id().to_string();
        let fact = Fact::Taken { owner, intent, post_deadline };
        Ok(self.shared.recorder.writer().plan(record, fact)?)
    }
}

/// The job has ended by what is wrong with its message, which is kept with that reason.
fn kept(ending: Ending, reason: &Reason) -> Ending {
    match ending {
        Ending::Ack | Ending::Park(_) => Ending::Park(reason.clone()),
        waits @ (Ending::Later(..) | Ending::Full { .. }) => waits,
    }
}
