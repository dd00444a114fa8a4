//! From the intent to the answer, and until what was paid for is written down.

use std::time::Duration;

use job::{Fact, Record, State};
use kling::Route;
use ports::{LedgerError, PublishError};
use recorder::{Intent, Plan, STORE_RETRY};
use tracing::Level;

use super::Walk;
use crate::ending::{Ending, Trouble};
use crate::gate::{Changes, Pass, Reopen};
use crate::submit::{self, Weather};
use crate::trouble;

/// Between tries to write down what was paid for.
const REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(3);

impl Walk<'_> {
    /// Whether the intent was written is not known. Nothing has been sent, so if it was, this
    /// delivery may go on with it; left alone, it would look like a POST under way.
    pub(super) async fn after_silence(
        &self,
        plan: Plan,
        error: LedgerError,
        pass: Pass<'_>,
    ) -> Result<Ending, Trouble> {
        loop {
            match self.shared.ledger.load(&plan.record().key).await {
                // Two deliveries of one job may be here at once: only one of the intents is there.
                Ok(Some(stored)) if stored.record.state == plan.record().state => {
                    let request = plan.into_record().request;
                    let record = Record { request, ..stored.record };
                    return self.submit(self.intent(record, stored.version), pass).await;
                }
                Ok(_) => return Err(unsent(plan.record(), error)),
                Err(LedgerError::Unavailable(_)) if self.settler().wait(STORE_RETRY).await => {}
                Err(other) => return Err(unsent(plan.record(), other)),
            }
        }
    }

    pub(super) async fn submit(
        &self,
        intent: Intent,
        mut pass: Pass<'_>,
    ) -> Result<Ending, Trouble> {
        pass.sends();
        // Whoever lost its lease must not send: another may already be looking into this job.
        let is_fresh = self.shared.session.is_fresh(&self.fence);
        let (fact, weather) = match (is_fresh, &self.accepted.fit, intent.record.request.here()) {
            (true, Ok(fit), Some(request)) => {
                let (client, callback) = (&self.shared.kling, &self.shared.settings.callback);
                let (record, route) = (&intent.record, fit.route);
                let passed = self.gate.passed(route, record.model.as_ref());
                submit::post(client, route, record, request, callback.as_ref(), passed).await
            }
            (false, Ok(_), _) => {
                let why = "the ledger lease was not fresh".to_owned();
                (Fact::PutOff { why }, Weather::Unknown)
            }
            // Never intended; should that ever break, nothing is sent.
            (true, Ok(_), None) => {
                let why = "its request is not in hand".to_owned();
                (Fact::PutOff { why }, Weather::Unknown)
            }
            (_, Err(reason), _) => (Fact::PutOff { why: reason.to_string() }, Weather::Unknown),
        };
        self.trace(&fact);
        if let Fact::Accepted { .. } = fact {
            let model = intent.record.model.as_ref();
            self.gate.accepted(pass.route(), model, self.shared.clock.now());
        }
        let route = pass.route();
        let changes = self.heed(pass, &weather).await;
        let settler = self.settler();
        let (ending, ()) = tokio::join!(settler.record(intent, fact), self.leave(route, changes));
        match ending {
            Err(Trouble::Unjournaled { record, error }) => self.insist(*record, error).await,
            ending => ending,
        }
    }

    /// What the answer means for other requests.
    async fn heed(&self, pass: Pass<'_>, weather: &Weather) -> Changes {
        if let Weather::Unclear { .. } = weather
            && !self.gate.is_tested(pass.route())
        {
            trouble::learn(self.shared, self.gate, pass.route()).await;
        }
        let changes = self.gate.weather(&pass, weather, self.shared.clock.jitter());
        drop(pass);
        if let Weather::AccountRefused { why } = weather {
            let settings = &self.shared.settings;
            let (account, rest) = (&settings.account, settings.account_rest);
            self.shared.recorder.writer().pause_account(account, why.clone(), rest).await;
        }
        changes
    }

    async fn leave(&self, route: Route, changes: Changes) {
        if let Some(resource) = self.accepted.job.operation.resource() {
            trouble::leave(self.shared, resource, route, &changes).await;
        }
    }

    fn trace(&self, fact: &Fact) {
        if let Fact::Accepted { task_id, status } = fact {
            self.delivery.handling.span().record("kling.task.id", task_id);
            tracing::event!(name: "kling.submitted", Level::INFO, { kling.task.id = task_id, status });
        }
    }

    /// Whoever has the message next must find in the journal what was paid for: until it is
    /// there the message is kept, and nothing more is submitted.
    async fn insist(&self, record: Record, error: PublishError) -> Result<Ending, Trouble> {
        tracing::warn!(%error, "not journaled yet");
        let mut rest = REST;
        let _held = self.gate.hold();
        loop {
            self.gate.close(error.to_string(), Reopen::After(rest));
            if !self.settler().wait(rest).await {
                return Err(Trouble::Unjournaled { record: Box::new(record), error });
            }
            if self.shared.recorder.journal(&record).await.is_ok() {
                return Ok(Ending::of(&record, self.shared.clock.jitter()));
            }
            rest = (rest * 2).min(LONGEST_REST);
        }
    }
}

/// This delivery did not send anything, and says so to whoever takes the message next.
fn unsent(record: &Record, error: LedgerError) -> Trouble {
    match &record.state {
        State::Submitting { intent, .. } => Trouble::Unsent { intent: intent.clone(), error },
        State::Tombstone
        | State::Queued { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => error.into(),
    }
}
