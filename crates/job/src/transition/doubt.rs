//! Moves into a doubt, and of a job that is in doubt.

use super::{Move, Moved, Step};
use crate::{Doubt, Fact, State, Timestamp};

/// More evidence than this is of no use to an operator.
const MOST_EVIDENCE: usize = 8;

impl Move<'_> {
    pub(super) fn of_doubt(self, doubt: Doubt, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Denied => self.denied(doubt),
            Fact::LookUpFailed { why } => self.unanswered(doubt, why),
            Fact::GivenUp { why } => self.given_up(doubt, why),
            Fact::Repeated { cause } => self.believe(doubt, cause),
            Fact::Unheard { why } => self.unheard(doubt, why),
            Fact::Unproven { evidence, answered } => self.unproven(doubt, evidence, answered),
            Fact::Resubmit { why } => self.queue_again(doubt, &why, None),
            Fact::Abandoned { error } => self.release(false).abandon(error),
            fact => return self.answered(fact),
        })
    }

    /// The permit is kept: a task may be running.
    pub(super) fn doubt(mut self, cause: String, post_deadline: Timestamp) -> Step {
        let mut doubt = Doubt::begun(self.at.now, cause, self.settles_at(post_deadline));
        if let State::Submitting { intent, .. } = &self.record.state {
            doubt.intent = Some(intent.clone());
        }
        let what = format!("in doubt: {}", doubt.cause);
        self.record.sent_before = true;
        self.to(State::InDoubt { doubt }, what)
    }

    pub(super) fn doubt_now(self, cause: String) -> Step {
        let now = self.at.now;
        self.doubt(cause, now)
    }

    /// After a clock jump the planned deadline proves nothing: a whole POST timeout is waited from
    /// now.
    fn settles_at(&self, post_deadline: Timestamp) -> Timestamp {
        let planned = post_deadline + self.rules.settling;
        match self.at.steady_since > self.record.last_change() {
            true => planned.max(self.at.now + self.rules.post_timeout + self.rules.settling),
            false => planned,
        }
    }

    pub(super) fn repeated_now(self, cause: String) -> Step {
        let now = self.at.now;
        self.repeated(cause, now)
    }

    /// The provider refused a repeat, so it has received an earlier POST.
    pub(super) fn repeated(self, cause: String, post_deadline: Timestamp) -> Step {
        let mut step = self.doubt(cause.clone(), post_deadline);
        if let State::InDoubt { doubt } = &mut step.record.state {
            add(&mut doubt.evidence, [cause]);
        }
        step
    }

    /// The POST in doubt was refused as such a repeat.
    fn believe(self, mut doubt: Doubt, cause: String) -> Step {
        let what = format!("in doubt: {cause}");
        add(&mut doubt.evidence, [cause]);
        self.to(State::InDoubt { doubt }, what)
    }

    /// A callback named a task of a job that is no longer looked up: it is in doubt again.
    pub(super) fn doubt_again(mut self, doubt: Option<Doubt>, task_id: &str) -> Step {
        let now = self.at.now;
        let what = format!("a callback named task {task_id}");
        let mut doubt = doubt.unwrap_or_else(|| Doubt::begun(now, what.clone(), now));
        // The wait for callbacks begins anew.
        doubt.settles_at = doubt.settles_at.max(now);
        (doubt.next_look, doubt.looks) = (now, 0);
        add(&mut doubt.evidence, [what.clone()]);
        self.record.sent_before = true;
        self.to(State::InDoubt { doubt }, format!("in doubt: {what}"))
    }
}

pub(super) fn add(evidence: &mut Vec<String>, words: impl IntoIterator<Item = String>) {
    for word in words {
        if evidence.len() < MOST_EVIDENCE && !evidence.contains(&word) {
            evidence.push(word);
        }
    }
}
