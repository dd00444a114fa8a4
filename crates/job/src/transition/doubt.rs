//! What becomes of a doubt: by look-ups, callbacks and people.

use super::{Move, Step};
use crate::{Doubt, Effect, EventKind, OnDoubt, Outcome, Problem, Rung, State, Timestamp};

/// More words than this tell a person nothing new.
const MOST_EVIDENCE: usize = 8;

impl Move<'_> {
    /// What the provider refuses as a repeat it has received before.
    pub(super) fn repeated(self, cause: String, post_deadline: Timestamp) -> Step {
        let mut step = self.doubt(cause.clone(), post_deadline);
        if let State::InDoubt { doubt } = &mut step.record.state {
            add(&mut doubt.evidence, [cause]);
        }
        step
    }

    /// The POST that is in doubt turns out to have been such a repeat.
    pub(super) fn believe(self, mut doubt: Doubt, cause: String) -> Step {
        let what = format!("in doubt: {cause}");
        add(&mut doubt.evidence, [cause]);
        self.to(State::InDoubt { doubt }, what)
    }

    /// A callback tells that a task exists after nobody looked for one any more.
    pub(super) fn doubt_again(mut self, doubt: Option<Doubt>, task_id: &str) -> Step {
        let now = self.at.now;
        let what = format!("a callback named task {task_id}");
        let mut doubt = doubt.unwrap_or_else(|| Doubt::begun(now, what.clone(), now));
        // The patience with callbacks begins anew.
        doubt.settles_at = doubt.settles_at.max(now);
        (doubt.next_look, doubt.looks) = (now, 0);
        add(&mut doubt.evidence, [what.clone()]);
        self.record.sent_before = true;
        self.to(State::InDoubt { doubt }, format!("in doubt: {what}"))
    }

    /// Only a callback can settle it: one is waited for, and looked for now and then because a
    /// hint may be lost.
    pub(super) fn unheard(self, doubt: Doubt, why: String) -> Step {
        let until = self.heard_until(&doubt);
        if self.at.now >= until {
            return self.cannot_tell(doubt, why);
        }
        let Step { mut record, effects } = self.quietly_again(doubt);
        if let State::InDoubt { doubt } = &mut record.state {
            doubt.next_look = doubt.next_look.min(until);
        }
        Step { record, effects }
    }

    pub(super) fn unproven(self, mut doubt: Doubt, evidence: Vec<String>, answered: bool) -> Step {
        let why = evidence.join("; ");
        add(&mut doubt.evidence, evidence);
        let until = match answered {
            true => self.heard_until(&doubt),
            false => doubt.since + self.rules.doubt_give_up,
        };
        if self.at.now >= until.max(self.heard_until(&doubt)) {
            return self.cannot_tell(doubt, "no task that a callback named can be ours".to_owned());
        }
        self.look_again(doubt, &why)
    }

    fn heard_until(&self, doubt: &Doubt) -> Timestamp {
        doubt.settles_at + self.rules.callback_wait.mul_f64(self.rules.pace)
    }

    /// No history line: nothing happened.
    fn quietly_again(self, doubt: Doubt) -> Step {
        let history = self.record.history.clone();
        let mut step = self.look_again(doubt, "");
        step.record.history = history;
        step
    }

    /// A task that is known to exist is never paid for again, whatever the policy.
    pub(super) fn cannot_tell(self, doubt: Doubt, why: String) -> Step {
        let may_resubmit = doubt.evidence.is_empty() && !self.is_too_late();
        if self.rules.on_doubt == OnDoubt::Resubmit && may_resubmit {
            // At once: its slot is kept until then.
            return self.resubmit(doubt, "in doubt; the policy is to submit again", None);
        }
        let mut words = format!("in doubt ({}), and looking cannot settle it: {why}", doubt.cause);
        if !doubt.evidence.is_empty() {
            words.push_str(&format!(". Evidence: {}", doubt.evidence.join("; ")));
        }
        self.park(words, Some(doubt))
    }

    pub(super) fn queue_again(self, doubt: Doubt, why: &str, after: Option<Rung>) -> Step {
        if self.record.request.is_nothing() {
            return self.park(format!("{why}, and the request is gone"), Some(doubt));
        }
        let state = State::Queued { why: Some(why.to_owned()) };
        let what = match after {
            None => format!("queued again: {why}"),
            Some(rung) => format!("queued again in {}: {why}", rung.as_str()),
        };
        self.effect(Effect::Requeue { after }).to(state, what)
    }

    pub(super) fn denied(self, mut doubt: Doubt) -> Step {
        if doubt.is_settled(self.at) {
            doubt.denials += 1;
        }
        if doubt.denials < self.rules.denials_needed {
            return self.look_again(doubt, "the provider does not know it (yet)");
        }
        if !doubt.evidence.is_empty() {
            return self.unanswered(doubt, "denied, although a task exists".to_owned());
        }
        if self.rules.denials_trusted {
            if self.is_too_late() {
                return self.release(true).too_late();
            }
            // Nothing uses the slot while the job waits to be sent again.
            let after = self.after_doubts();
            let why = "the provider denies that a task exists";
            return self.release(true).resubmit(doubt, why, after);
        }
        self.cannot_tell(doubt, "denied by a look-up that is not trusted".to_owned())
    }

    pub(super) fn unanswered(self, doubt: Doubt, why: String) -> Step {
        if self.at.now.since(doubt.since) < self.rules.doubt_give_up {
            return self.look_again(doubt, &format!("look-up failed: {why}"));
        }
        self.cannot_tell(doubt, why)
    }

    pub(super) fn look_again(self, mut doubt: Doubt, what: &str) -> Step {
        let backoff = std::time::Duration::from_secs(2u64.saturating_pow(doubt.looks.min(6)));
        let next = self.at.now + backoff.mul_f64(self.rules.pace * (0.8 + 0.4 * self.at.jitter));
        doubt.looks += 1;
        // A denial before the settling time cannot count, and one right after it should.
        doubt.next_look = match next < doubt.settles_at {
            true => next,
            false if self.at.now < doubt.settles_at => doubt.settles_at,
            false => next,
        };
        self.to(State::InDoubt { doubt }, what)
    }

    /// Nobody can look. The worker's own late answer may still come until the doubt settles.
    pub(super) fn given_up(self, mut doubt: Doubt, why: String) -> Step {
        if self.at.now >= doubt.settles_at {
            return self.cannot_tell(doubt, why);
        }
        doubt.next_look = doubt.settles_at;
        let mut record = self.record;
        record.state = State::InDoubt { doubt };
        Step { record, effects: self.effects }
    }

    /// The same round and external id: where the provider enforces ids, it cannot be paid twice.
    fn resubmit(self, doubt: Doubt, why: &str, after: Option<Rung>) -> Step {
        let attempts = self.record.attempt;
        if attempts >= self.rules.max_attempts {
            let why = format!("gave up after {attempts} attempts, the last: {why}");
            return self.park(why, Some(doubt));
        }
        self.queue_again(doubt, why, after)
    }

    /// Never for so long that its deadline passes.
    fn after_doubts(&self) -> Option<Rung> {
        let in_time = |rung: &Rung| {
            self.record.deadline.is_none_or(|deadline| self.at.now + rung.wait() < deadline)
        };
        Rung::after_doubts(self.record.attempt).filter(in_time)
    }

    pub(super) fn abandon(self, error: Problem) -> Step {
        self.settle(Outcome::Failed { error }, EventKind::Failed)
    }
}

fn add(evidence: &mut Vec<String>, words: impl IntoIterator<Item = String>) {
    for word in words {
        if evidence.len() < MOST_EVIDENCE && !evidence.contains(&word) {
            evidence.push(word);
        }
    }
}
