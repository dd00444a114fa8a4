//! Moves after looking into a doubt.

use super::doubt::add;
use super::{Move, Step};
use crate::{Doubt, State, Timestamp};

impl Move<'_> {
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

    /// No look-up is possible. The late answer to the POST may still come until the doubt settles.
    pub(super) fn given_up(self, mut doubt: Doubt, why: String) -> Step {
        if self.at.now >= doubt.settles_at {
            return self.cannot_tell(doubt, why);
        }
        doubt.next_look = doubt.settles_at;
        let mut record = self.record;
        record.state = State::InDoubt { doubt };
        Step { record, effects: self.effects }
    }

    /// Only a callback can settle it. Proposals are read now and then, because a hint may be lost.
    pub(super) fn unheard(self, doubt: Doubt, why: String) -> Step {
        let until = self.callback_until(&doubt);
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
            true => self.callback_until(&doubt),
            false => doubt.since + self.rules.doubt_give_up,
        };
        if self.at.now >= until.max(self.callback_until(&doubt)) {
            return self.cannot_tell(doubt, "no task that a callback named can be ours".to_owned());
        }
        self.look_again(doubt, &why)
    }

    fn callback_until(&self, doubt: &Doubt) -> Timestamp {
        doubt.settles_at + self.rules.callback_wait.mul_f64(self.rules.pace)
    }

    fn look_again(self, mut doubt: Doubt, what: &str) -> Step {
        let backoff = std::time::Duration::from_secs(2u64.saturating_pow(doubt.looks.min(6)));
        let next = self.at.now + backoff.mul_f64(self.rules.pace * (0.8 + 0.4 * self.at.jitter));
        doubt.looks += 1;
        // A denial counts from the settling time on, so one look is right then.
        doubt.next_look = match next < doubt.settles_at {
            true => next,
            false if self.at.now < doubt.settles_at => doubt.settles_at,
            false => next,
        };
        self.to(State::InDoubt { doubt }, what)
    }

    /// No history line: nothing happened.
    fn quietly_again(self, doubt: Doubt) -> Step {
        let history = self.record.history.clone();
        let mut step = self.look_again(doubt, "");
        step.record.history = history;
        step
    }
}
