//! From the intent to the answer, until the answer is in the ledger and the journal.

use std::time::Duration;

use job::{Disposition, Fact, OverloadCause, Record, State};
use kling::Route;
use ports::{LedgerError, PublishError};
use recorder::{Intent, Plan, STORE_RETRY};
use tracing::Level;

use super::Submission;
use crate::error::Error;
use crate::intake::{Changes, PauseReason, Sending};
use crate::shared_health;
use crate::submit::{self, ProviderHealth};

/// Between two tries to write an answer to the journal.
const RETRY: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(3);
/// For the journal line of an intent.
pub(super) const JOURNAL: Duration = Duration::from_secs(3);

impl Submission<'_> {
    /// It is not known whether the intent was written. Nothing has been sent, so this delivery may
    /// continue with it; left alone, it would look like a POST under way.
    pub(crate) async fn after_silence(
        &self,
        plan: Plan,
        error: LedgerError,
        sending: Sending<'_>,
    ) -> Result<Disposition, Error> {
        loop {
            match self.shared.ledger.load(&plan.record().key).await {
                // Two deliveries of one job may be here at once: only one of the intents is there.
                Ok(Some(stored)) if stored.record.state == plan.record().state => {
                    let request = plan.into_record().request;
                    let record = Record { request, ..stored.record };
                    return self.submit(self.intent(record, stored.version), sending).await;
                }
                Ok(_) => return Err(unsent(plan.record(), error)),
                Err(LedgerError::Unavailable(_)) if self.shared.wait(STORE_RETRY).await => {}
                Err(other) => return Err(unsent(plan.record(), other)),
            }
        }
    }

    pub(crate) async fn submit(
        &self,
        intent: Intent,
        mut sending: Sending<'_>,
    ) -> Result<Disposition, Error> {
        if let Err(why) = self.journal_intent(&intent.record).await {
            return self.shared.record(intent, Fact::PutOff { why }).await;
        }
        sending.begins();
        let route = sending.route();
        let (fact, health) = self.post(&intent.record).await;
        self.trace(&fact);
        if let Fact::Accepted { .. } = fact {
            let model = intent.record.model.as_ref();
            self.intake.accepted(route, model, self.shared.clock.now());
        }
        let changes = self.apply_health(sending, &health).await;
        let record = self.shared.record(intent, fact);
        let (done, ()) = tokio::join!(record, self.report(route, changes));
        match done {
            Err(Error::Unjournaled { record, error }) => self.journal(*record, error).await,
            done => done,
        }
    }

    /// Of a job that waited, the journal shows that it waits: a ledger that is rebuilt from it would
    /// send the job anew. Why not, if it could not be journaled in time.
    async fn journal_intent(&self, record: &Record) -> Result<(), String> {
        if !record.acknowledged {
            return Ok(());
        }
        let journaled = self.shared.recorder.journal(record);
        let why = match tokio::time::timeout(JOURNAL, journaled).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the journal does not answer in time".to_owned(),
        };
        self.intake.pause(why.clone(), PauseReason::Backoff(LONGEST_RETRY));
        Err(format!("its intent is not journaled: {why}"))
    }

    /// The POST, or why none was made.
    async fn post(&self, record: &Record) -> (Fact, ProviderHealth) {
        let not_sent = |why: &str| (Fact::PutOff { why: why.to_owned() }, ProviderHealth::Unknown);
        let fit = match &self.decoded.fit {
            Ok(fit) => fit,
            Err(reason) => return not_sent(&reason.to_string()),
        };
        // Without a lease another process may already query the provider about this job.
        if !self.shared.session.is_fresh(&self.fence) {
            let why = "the ledger lease was not fresh";
            self.intake.pause(why, PauseReason::Backoff(LONGEST_RETRY));
            return not_sent(why);
        }
        if let Some(why) =
            self.shared.manual_pauses.why_not(&self.decoded.job, self.shared.clock.now())
        {
            return not_sent(&why);
        }
        // A bug: a job is not intended without its request. Nothing is sent.
        let Some(request) = record.request.here() else {
            return not_sent("its request is not in hand");
        };
        let (client, callback) = (&self.shared.kling, self.shared.settings.callback.as_ref());
        let passed = self.intake.passed(fit.route, record.model.as_ref());
        submit::post(client, fit.route, record, request, callback, passed).await
    }

    /// What the answer means for other requests.
    async fn apply_health(&self, sending: Sending<'_>, health: &ProviderHealth) -> Changes {
        if let ProviderHealth::Unclear { .. } = health {
            self.learn_from_others(sending.route()).await;
        }
        let changes = self.intake.apply(&sending, health, self.shared.clock.jitter());
        drop(sending);
        match health {
            ProviderHealth::AccountRefused { why } => {
                let settings = &self.shared.settings;
                let (account, rest) = (&settings.account, settings.account_rest);
                self.shared.recorder.writer().pause_account(account, why.clone(), rest).await;
            }
            ProviderHealth::Busy { cause, retry_after } => self.busy(*cause, *retry_after).await,
            ProviderHealth::Unknown
            | ProviderHealth::Healthy
            | ProviderHealth::Unreachable { .. }
            | ProviderHealth::PathRefused { .. }
            | ProviderHealth::Unclear { .. }
            | ProviderHealth::UnclearAgain { .. } => {}
        }
        changes
    }

    /// Before the slots of the refused job are given back, so that nothing else takes them.
    async fn busy(&self, cause: OverloadCause, retry_after: Option<Duration>) {
        let limits = &self.shared.slot_limits;
        let paused = match self.decoded.job.operation.resource() {
            Some(resource) => {
                limits.lower(resource, cause, retry_after, self.intake.is_refused_again()).await
            }
            None => None,
        };
        match paused {
            Some(Duration::ZERO) => {}
            // Some jobs hold their slots already, and are granted none.
            Some(time) => self.intake.busy(Some(time), 0.5),
            None => self.intake.busy(retry_after, self.shared.clock.jitter()),
        }
    }

    /// How long to back off depends on the failures that other workers met, too.
    async fn learn_from_others(&self, route: Route) {
        let Some(resource) = self.decoded.job.operation.resource() else { return };
        shared_health::read_both(self.shared, self.intake, resource, route).await;
        if let Some(slots) = self.shared.slot_limits.slots(resource).await {
            self.intake.set_slots(slots);
        }
        if !self.intake.is_tested(route) {
            shared_health::learn_known_task(self.shared, self.intake, route).await;
        }
    }

    async fn report(&self, route: Route, changes: Changes) {
        let Some(resource) = self.decoded.job.operation.resource() else { return };
        shared_health::report(self.shared, resource, route, &changes).await;
        if changes.outage_is_over {
            self.shared.slot_limits.restart(resource).await;
        }
    }

    fn trace(&self, fact: &Fact) {
        if let Fact::Accepted { task_id, status } = fact {
            self.handling.span().record("kling.task.id", task_id);
            tracing::event!(name: "kling.submitted", Level::INFO, { kling.task.id = task_id, status });
        }
    }

    /// The next worker that gets the message must find the answer in the journal: until it is
    /// there the delivery is kept, and this worker submits nothing else.
    async fn journal(&self, record: Record, error: PublishError) -> Result<Disposition, Error> {
        tracing::warn!(%error, "not journaled yet");
        let mut retry = RETRY;
        let _paused = self.intake.keep_paused();
        loop {
            self.intake.pause(error.to_string(), PauseReason::Backoff(retry));
            if !self.shared.wait(retry).await {
                return Err(Error::Unjournaled { record: Box::new(record), error });
            }
            if self.shared.recorder.journal(&record).await.is_ok() {
                return Ok(record.disposition(self.shared.clock.jitter()));
            }
            retry = (retry * 2).min(LONGEST_RETRY);
        }
    }
}

/// This delivery sent nothing; the message says so to the next worker that gets it.
fn unsent(record: &Record, error: LedgerError) -> Error {
    match &record.state {
        State::Submitting { intent, .. } => Error::Unsent { intent: intent.clone(), error },
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => error.into(),
    }
}
