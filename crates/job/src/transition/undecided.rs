//! How a doubt ends that look-ups cannot settle: sent again, parked, or given up.

use super::{Effect, Move, Step};
use crate::{Doubt, EventKind, OnDoubt, Outcome, Problem, RetryDelay, State};

impl Move<'_> {
    /// With evidence of a task the job is not paid for again, whatever the policy.
    pub(super) fn cannot_tell(self, doubt: Doubt, why: String) -> Step {
        let may_resubmit = doubt.evidence.is_empty() && !self.is_too_late();
        if self.rules.on_doubt == OnDoubt::Resubmit && may_resubmit {
            // Without delay: the job keeps its slot until then.
            return self.resubmit(doubt, "in doubt; the policy is to submit again", None);
        }
        let mut words = format!("in doubt ({}), and looking cannot settle it: {why}", doubt.cause);
        if !doubt.evidence.is_empty() {
            words.push_str(&format!(". Evidence: {}", doubt.evidence.join("; ")));
        }
        self.park(words, Some(doubt))
    }

    /// The same round and external id: a provider that enforces ids is not paid twice.
    pub(super) fn resubmit(self, doubt: Doubt, why: &str, after: Option<RetryDelay>) -> Step {
        let attempts = self.record.attempt;
        if attempts >= self.rules.max_attempts {
            let why = format!("gave up after {attempts} attempts, the last: {why}");
            return self.park(why, Some(doubt));
        }
        self.queue_again(doubt, why, after)
    }

    pub(super) fn queue_again(
        mut self,
        doubt: Doubt,
        why: &str,
        after: Option<RetryDelay>,
    ) -> Step {
        if self.record.request.is_nothing() {
            return self.park(format!("{why}, and the request is gone"), Some(doubt));
        }
        // The provider has accepted this round: another POST could be a second payment.
        if let Some(task_id) = &self.record.task_id {
            let why = format!("{why}, and it was accepted as task {task_id}");
            return self.park(why, Some(doubt));
        }
        self.record.acknowledged = false;
        let state = State::Queued { why: Some(why.to_owned()) };
        let what = match after {
            None => format!("queued again: {why}"),
            Some(delay) => format!("queued again in {}: {why}", delay.as_str()),
        };
        self.effect(Effect::Requeue { after }).to(state, what)
    }

    /// The delay before the next attempt; `None` if the deadline would pass.
    pub(super) fn after_doubts(&self) -> Option<RetryDelay> {
        let in_time = |delay: &RetryDelay| {
            self.record.deadline.is_none_or(|deadline| self.at.now + delay.wait() < deadline)
        };
        RetryDelay::after_doubts(self.record.attempt).filter(in_time)
    }

    pub(super) fn is_too_late(&self) -> bool {
        self.record.is_too_late(self.at.now)
    }

    pub(super) fn abandon(self, error: Problem) -> Step {
        self.settle(Outcome::Failed { error }, EventKind::Failed)
    }
}
