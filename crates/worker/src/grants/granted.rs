//! One job whose slots were granted.

use std::sync::Arc;

use job::{Fact, Grant, GrantUse, Record, RetryDelay, grant_use};
use kling::Route;
use ports::{Fence, Handling, LedgerError, Permit, Stored, Waiter};
use recorder::Wrote;
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};
use validation::{check, with_text};

use crate::decode::Decoded;
use crate::error::Error;
use crate::intake::{Intake, NotNow, Sending};
use crate::shared::Shared;
use crate::submission::Submission;

pub(super) struct GrantedJob {
    pub(super) shared: Arc<Shared>,
    pub(super) intake: Arc<Intake>,
    pub(super) fence: Arc<Fence>,
    pub(super) waiter: Waiter,
    /// When it must not be submitted any more. `None`: it has no slots.
    pub(super) until: Option<Instant>,
}

impl GrantedJob {
    pub(super) async fn run(&self) {
        let span = tracing::error_span!("job", job = %self.waiter.permit.key, trace_id = Empty);
        let work = async {
            // Then the grant ends, and the job waits again.
            if let Err(error) = Box::pin(self.work()).await {
                tracing::warn!(%error, "a granted slot is not used");
            }
        };
        work.instrument(span).await;
    }

    async fn work(&self) -> Result<(), Error> {
        match self.look().await {
            Ok(Some(stored)) => self.submit(stored).await,
            Ok(None) => Ok(()),
            // Nobody could free its slots: the record cannot be read.
            Err(error) if error.is_of_one_job() => self.give_back().await.map_err(Error::from),
            Err(error) => Err(error),
        }
    }

    /// The record if the job is to be submitted; otherwise does what is to be done.
    pub(super) async fn look(&self) -> Result<Option<Stored>, Error> {
        let Some(mut stored) = self.shared.ledger.load_whole(&self.waiter.permit.key).await? else {
            self.give_back().await?;
            return Ok(None);
        };
        match self.decide(&stored.record) {
            GrantUse::Submit => return Ok(Some(stored)),
            GrantUse::Conclude(fact) => {
                // The ledger is open: it knows whether the job was sent.
                stored.record.restored = false;
                self.conclude(stored, fact).await?;
            }
            GrantUse::Held => self.confirm().await?,
            GrantUse::Unused => self.give_back().await?,
            GrantUse::Outdated => {
                self.give_back().await?;
                self.shared.recorder.writer().enter(&self.fence, &stored.record).await?;
            }
        }
        Ok(None)
    }

    fn decide(&self, record: &Record) -> GrantUse {
        let Permit { round, revision, .. } = self.waiter.permit;
        let (account, now) = (&self.shared.settings.account, self.shared.clock.now());
        grant_use(record, Grant { round, revision }, account, now)
    }

    async fn submit(&self, stored: Stored) -> Result<(), Error> {
        Span::current().record("trace_id", stored.record.trace_id());
        let Some(job) = stored.record.to_job().map(with_text) else {
            let why = "its request is gone".to_owned();
            return self.conclude(stored, Fact::GivenUp { why }).await;
        };
        let fit = match check(&job, self.shared.settings.slots) {
            Ok(fit) if self.until.is_some() && fit.slots <= self.waiter.permit.weight => fit,
            Ok(fit) => {
                let why = format!("it needs {} slots, and more than it may be granted", fit.slots);
                return self.conclude(stored, Fact::GivenUp { why }).await;
            }
            // Its message returns, to be parked with the reason.
            Err(reason) => {
                let (why, after) = (reason.to_string(), RetryDelay::OneSecond);
                return self.conclude(stored, Fact::Deferred { why, after }).await;
            }
        };
        let (route, handling) = (fit.route, self.handling(&stored.record));
        let submission = Submission {
            shared: &self.shared,
            intake: &self.intake,
            fence: self.fence.clone(),
            decoded: Decoded { job, fit: Ok(fit) },
            handling: &handling,
        };
        let sending = self.send(&submission, stored, route);
        sending.instrument(handling.span().clone()).await
    }

    async fn send(
        &self,
        submission: &Submission<'_>,
        stored: Stored,
        route: Route,
    ) -> Result<(), Error> {
        let sending = match submission.permission(route).await {
            Ok(sending) => sending,
            Err(NotNow::Lane { why } | NotNow::Tenant { why, .. }) => {
                return self.conclude(stored, Fact::NoSlot { why }).await;
            }
            Err(NotNow::Job { why, after }) => {
                self.intake.delay_put_back(self.shared.clock.as_ref()).await;
                return self.conclude(stored, Fact::Deferred { why, after }).await;
            }
        };
        match submission.decoded.job.operation.resource() {
            Some(resource) if !submission.may_send_first(resource).await => {
                drop(sending);
                let why = "another worker tries, or this one stops".to_owned();
                self.conclude(stored, Fact::NoSlot { why }).await
            }
            Some(_) | None => self.intend(submission, stored, sending).await,
        }
    }

    /// Another process may have changed the record meanwhile, as when this grant is overdue.
    async fn intend(
        &self,
        submission: &Submission<'_>,
        stored: Stored,
        sending: Sending<'_>,
    ) -> Result<(), Error> {
        if self.until.is_none_or(|until| Instant::now() >= until) {
            let why = "it waited too long with its slot".to_owned();
            return self.conclude(stored, Fact::NoSlot { why }).await;
        }
        let (mut record, version) = (stored.record.clone(), stored.version);
        match submission.reserve(&mut record).await? {
            Ok(()) => {}
            Err(not) => return self.conclude(stored, not.fact()).await,
        }
        let plan = submission.intend(record)?;
        let writer = self.shared.recorder.writer();
        let done = match writer.swap(&self.fence, version, &plan).await {
            Ok(Wrote::Done(written)) => {
                self.intake.admitted();
                let intent = submission.intent(plan.into_record(), written.version);
                let submitting = Box::pin(submission.submit(intent, sending));
                tokio::join!(submitting, self.confirm_or_leave()).0
            }
            Ok(Wrote::Changed(there)) => return self.overtaken(there).await,
            Err(error @ LedgerError::Unavailable(_)) => {
                Box::pin(submission.after_silence(plan, error, sending)).await
            }
            Err(error) => return Err(error.into()),
        };
        match done {
            Err(Error::Unsent { intent, error }) => self.unsent(&intent, error).await,
            done => done.map(drop),
        }
    }

    /// A trace of its own, linked to the one in which it began to wait.
    fn handling(&self, record: &Record) -> Handling {
        let spans = self.shared.settings.spans;
        let span = spans.if_sampled(tracing::info_span!(
            parent: None,
            "granted job",
            otel.name = "submit job",
            otel.kind = "internal",
            job.id = %record.key.id,
            kling.task.id = Empty,
            link = record.worker_span.as_ref().or(record.traceparent.as_ref()),
        ));
        let traceparent = span.in_scope(|| spans.traceparent());
        Handling::new(span, traceparent)
    }
}
