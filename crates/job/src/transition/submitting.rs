//! Moves of a job whose POST is under way.

use super::{Effect, Move, Moved, Step};
use crate::{
    Cadence, EventKind, Fact, Outcome, Passed, PathRefusals, Problem, State, Timestamp, Watch,
};

impl Move<'_> {
    pub(super) fn of_submitting(self, post_deadline: Timestamp, fact: Fact) -> Moved {
        match fact {
            Fact::AnswerLost { cause } | Fact::OwnerLost { cause } => {
                Ok(self.doubt(cause, post_deadline))
            }
            Fact::Repeated { cause } => Ok(self.repeated(cause, post_deadline)),
            fact => self.answered(fact),
        }
    }

    /// An answer to the POST that is under way or in doubt.
    pub(super) fn answered(self, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Accepted { task_id, status } => self.pending(task_id, status),
            Fact::PutOff { why } | Fact::NotSent { why } => self.put_off(why),
            Fact::PathRefused { why, passed } => self.path_refused(why, passed),
            Fact::Refused { error } => self.refused(error),
            fact => return self.illegal(&fact),
        })
    }

    /// Others of its tenant go first: it may be put off alone. The attempt is not counted. If an earlier
    /// POST of this round may have created a task, the job keeps its slot, so it does not wait for one.
    fn put_off(mut self, why: String) -> Step {
        if self.record.sent_before || self.record.request.is_nothing() {
            return self.queue(why);
        }
        self.record.attempt = self.record.attempt.saturating_sub(1);
        let now = self.at.now;
        self.release(true).wait(why, now)
    }

    /// Back to the broker's queue. The attempt is not counted. The slot is given back unless an
    /// earlier POST of this round may have created a task.
    fn queue(mut self, why: String) -> Step {
        self.record.attempt = self.record.attempt.saturating_sub(1);
        let what = format!("queued: {why}");
        let mv = if self.record.sent_before { self } else { self.release(true) };
        let after = Some(mv.record.retry_delay(mv.at.jitter));
        let mv = match mv.record.acknowledged {
            true => mv.effect(Effect::Requeue { after }),
            false => mv,
        };
        mv.to(State::Queued { why: Some(why) }, what)
    }

    /// The job is the cause only if others pass meanwhile. One that may have been sent before is
    /// looked up and not rejected.
    fn path_refused(mut self, why: String, passed: Passed) -> Step {
        let now = self.at.now;
        let refusals = PathRefusals::after(self.record.path_refusals.take(), now, passed);
        let why = format!("{why} ({})", refusals.words());
        match (refusals.is_the_job_s(), self.record.sent_before) {
            (true, true) => self.doubt_now(format!("sent before, and now {why}")),
            (true, false) => {
                let advice = "something between here and the provider refuses this request and \
                              lets others pass: compare it with them, and ask the gateway";
                self.refused(Problem::new("path", why).advice(advice))
            }
            (false, _) => {
                self.record.path_refusals = Some(refusals);
                self.queue(why)
            }
        }
    }

    fn refused(self, error: Problem) -> Step {
        let error = error.billed(false);
        self.release(true).settle(Outcome::Rejected { error }, EventKind::Rejected)
    }

    pub(super) fn pending(mut self, task_id: String, status: String) -> Step {
        let now = self.at.now;
        self.record.submitted_at = Some(now);
        self.record.watch = Watch::default();
        self.record.acknowledged = false;
        self.record.path_refusals = None;
        if self.record.retries == 0 {
            self.record.request = std::mem::take(&mut self.record.request).for_a_retry();
        }
        let cadence = Cadence::of(&self.record.operation, self.rules.pace);
        let next_look = cadence.next_look(0, now, now, self.at.jitter);
        let what = format!("submitted as task {task_id}");
        self.record.set_task(Some(task_id));
        let mv = match self.rules.announce_submitted {
            true => self.effect(Effect::Announce(EventKind::Submitted)),
            false => self,
        };
        mv.to(State::Pending { status, looks: 0, next_look }, what)
    }
}
