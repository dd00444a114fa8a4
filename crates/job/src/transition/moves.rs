//! Steps that moves of several states share.

use super::{Effect, Illegal, Move, Moved, Step};
use crate::{Doubt, EventKind, ExternalId, Fact, Kept, Outcome, State, Watch};

impl Move<'_> {
    pub(super) fn to(mut self, state: State, what: impl Into<String>) -> Step {
        self.record.state = state;
        self.record.note(self.at.now, what);
        Step { record: self.record, effects: self.effects }
    }

    pub(super) fn illegal(self, fact: &Fact) -> Moved {
        Err(Box::new(Illegal { state: self.record.state.word(), fact: fact.word() }))
    }

    pub(super) fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    pub(super) fn release(self, unspent: bool) -> Self {
        let round = self.record.round;
        self.effect(Effect::ReleasePermit { round, unspent })
    }

    pub(super) fn settle(mut self, outcome: Outcome, kind: EventKind) -> Step {
        self.record.request = self.kept_after(&outcome);
        let what = outcome.word();
        let at = self.at.now;
        self.effect(Effect::Announce(kind)).to(State::Settled { outcome, at }, what)
    }

    /// That of a task without further rounds is small: it was kept for a retry when the task began.
    fn kept_after(&mut self, outcome: &Outcome) -> Kept {
        let request = std::mem::take(&mut self.record.request);
        let was_a_task = matches!(self.record.state, State::Pending { .. });
        match outcome {
            Outcome::Succeeded { .. } | Outcome::Cancelled => Kept::Nothing,
            Outcome::Failed { .. } | Outcome::Rejected { .. } | Outcome::TimedOut { .. } => {
                match was_a_task && self.record.retries == 0 {
                    true => request,
                    false => request.for_a_retry(),
                }
            }
        }
    }

    pub(super) fn cancel(self) -> Step {
        self.settle(Outcome::Cancelled, EventKind::Cancelled)
    }

    pub(super) fn park(self, why: String, doubt: Option<Doubt>) -> Step {
        let at = self.at.now;
        let what = format!("parked: {why}");
        self.effect(Effect::Announce(EventKind::Parked)).to(State::Parked { why, doubt, at }, what)
    }

    /// The provider accepted a submission as a task that this record can no longer take. It was
    /// paid for, so its id is noted.
    pub(super) fn strayed(mut self, task_id: String) -> Step {
        let state = self.record.state.clone();
        let what = format!("the provider also accepted it as task {task_id}");
        self.record.add_other_task(task_id);
        self.to(state, what)
    }

    /// A new round: new external id, new event ids, a new payment.
    pub(super) fn again(mut self, why: String) -> Step {
        self.begin_round();
        let what = format!("round {}: {why}", self.record.round);
        let state = State::Queued { why: Some(why) };
        // A settled record has dropped its request: the message that began the round brings it.
        match self.record.request.is_nothing() {
            true => self.to(state, what),
            false => self.effect(Effect::Requeue { after: None }).to(state, what),
        }
    }

    fn begin_round(&mut self) {
        let (record, installation) = (&mut self.record, &self.rules.installation);
        record.round += 1;
        record.retries = record.retries.saturating_sub(1);
        record.attempt = 0;
        record.set_task(None);
        record.sent_before = false;
        record.watch = Watch::default();
        record.submitted_at = None;
        record.replayed = None;
        record.acknowledged = false;
        record.may_begin_again = false;
        record.cancel_requested = false;
        record.path_refusals = None;
        record.estimate = None;
        record.external_id =
            ExternalId::derive(installation, &record.key, &record.life, record.round);
    }
}
