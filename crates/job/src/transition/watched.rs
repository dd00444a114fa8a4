//! Moves of a task that the provider has accepted.

use std::time::Duration;

use super::{Effect, Move, Moved, Step};
use crate::{Cadence, EventKind, Fact, Outcome, Problem, State, Timestamp};

impl Move<'_> {
    pub(super) fn of_pending(self, status: String, looks: u32, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Seen { status } => self.seen(status, looks),
            Fact::LookFailed { why } => self.unseen(status, looks, &why),
            Fact::LookDenied { why } => self.denied_look(status, looks, &why),
            Fact::Unread { answer } => self.unread(status, looks, answer),
            Fact::Abandoned { error } if self.record.may_be_gone() => {
                self.release(false).abandon(error)
            }
            Fact::Ended { outcome } => self.ended(outcome),
            fact => return self.illegal(&fact),
        })
    }

    fn seen(mut self, status: String, looks: u32) -> Step {
        self.record.watch.shown();
        self.continues(status, looks)
    }

    /// The query failed: the task's status is unknown.
    fn unseen(mut self, status: String, looks: u32, why: &str) -> Step {
        self.record.watch.failed(self.at.now, why);
        self.continues(status, looks)
    }

    fn continues(self, status: String, looks: u32) -> Step {
        let (now, submitted) = (self.at.now, self.submitted());
        let overdue_after = self.paced(self.rules.overdue_after);
        if self.cadence().is_over(submitted, now, overdue_after) {
            return self.timed_out();
        }
        if now.since(submitted) >= overdue_after && !self.record.watch.overdue {
            return self.overdue(status, looks);
        }
        self.look_later(status, looks)
    }

    /// Announced once. The task is still polled: a late outcome is announced too.
    fn overdue(mut self, status: String, looks: u32) -> Step {
        self.record.watch.overdue = true;
        self.record.watch.slot_returned = true;
        self.record.note(self.at.now, "overdue: followed slowly, and its slot is given back");
        self.release(false).effect(Effect::Announce(EventKind::Overdue)).look_later(status, looks)
    }

    /// No history line: looks are frequent, and nothing happened.
    fn look_later(self, status: String, looks: u32) -> Step {
        let looks = looks.saturating_add(1);
        let (now, submitted) = (self.at.now, self.submitted());
        let next_look = self.cadence().next_look(looks, submitted, now, self.at.jitter);
        let mut record = self.record;
        record.state = State::Pending { status, looks, next_look };
        Step { record, effects: self.effects }
    }

    /// The task was accepted, so the job is never sent again by itself. Denied often and for long
    /// enough, it gives its slot back and is in doubt.
    fn denied_look(mut self, status: String, looks: u32, why: &str) -> Step {
        let now = self.at.now;
        self.record.watch.failed(now, why);
        self.record.watch.denials += 1;
        let since = *self.record.watch.denied_since.get_or_insert(now);
        let long = now.since(since) >= self.paced(self.rules.denied_wait);
        if !long || self.record.watch.denials < self.rules.denied_looks {
            return self.look_later(status, looks);
        }
        let task = self.record.task_id.clone().unwrap_or_default();
        let cause = format!("accepted as task {task}, which the provider has denied since {since}");
        self.record.watch.slot_returned = true;
        self.release(false).repeated(cause, now)
    }

    /// A success whose file could not be read is not paid for again.
    fn unread(mut self, status: String, looks: u32, answer: String) -> Step {
        self.record.watch.shown();
        let since = *self.record.watch.unread_since.get_or_insert(self.at.now);
        if self.at.now.since(since) < self.paced(self.rules.output_wait) {
            return self.look_later(status, looks);
        }
        let mut error = Problem::new("no_output", "the provider reports success but no file")
            .advice("it was billed: ask the provider about this task id")
            .billed(true);
        error.answer = Some(answer);
        self.release(false).settle(Outcome::Failed { error }, EventKind::Failed)
    }

    fn ended(self, outcome: Outcome) -> Step {
        let mv = self.release(false);
        match &outcome {
            Outcome::Failed { error } if mv.record.retries > 0 => {
                let why = format!("failed ({}), and the job asked for a retry", error.message);
                mv.again(why)
            }
            Outcome::Failed { .. } => mv.settle(outcome, EventKind::Failed),
            Outcome::Succeeded { .. } => mv.settle(outcome, EventKind::Succeeded),
            Outcome::Rejected { .. } => mv.settle(outcome, EventKind::Rejected),
            Outcome::TimedOut { .. } => mv.settle(outcome, EventKind::TimedOut),
            Outcome::Cancelled => mv.settle(outcome, EventKind::Cancelled),
        }
    }

    fn timed_out(self) -> Step {
        let error = Problem::new("timed_out", "the provider did not finish the task in time")
            .advice("the task may still end and be billed: ask the provider under its task id");
        self.release(false).settle(Outcome::TimedOut { error }, EventKind::TimedOut)
    }

    fn submitted(&self) -> Timestamp {
        self.record.submitted_at.unwrap_or(self.record.created_at)
    }

    fn cadence(&self) -> Cadence {
        Cadence::of(&self.record.operation, self.rules.pace)
    }

    fn paced(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.rules.pace)
    }
}
