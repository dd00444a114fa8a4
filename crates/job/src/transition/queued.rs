//! Moves of a job whose message is in the broker.

use super::{Move, Moved, Step};
use crate::{Doubt, EventKind, Fact, Outcome, Problem, State, Watch};

impl Move<'_> {
    pub(super) fn of_tombstone(self, fact: Fact) -> Moved {
        match fact {
            Fact::CancelRequested if !self.record.sent_before => Ok(self.cancel_unsent()),
            fact => self.illegal(&fact),
        }
    }

    pub(super) fn of_queued(self, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Taken { owner, intent, post_deadline } => {
                self.take(State::Submitting { owner, intent, post_deadline })
            }
            // Its message, which alone has the request, must be kept.
            Fact::NoSlot { .. } if self.record.request.is_nothing() => return self.illegal(&fact),
            // It may hold a slot: more are in use than allowed, or it returned before it was sent.
            Fact::NoSlot { why } => {
                let (unspent, since) = (!self.record.sent_before, self.record.came_at());
                self.release(unspent).wait(why, since)
            }
            // A task exists, so the job is not submitted again.
            Fact::Accepted { task_id, status } => self.pending(task_id, status),
            Fact::DeadlinePassed => self.deadline_passed(),
            Fact::Expired { why, may_be_sent } => self.expired(why, may_be_sent),
            // A job that was sent may be running and paid for: its outcome is awaited.
            Fact::CancelRequested if !self.record.sent_before => self.cancel_unsent(),
            Fact::GivenUp { why } => self.set_aside(why),
            Fact::Refused { error } => self.refused_unsent(error),
            Fact::OwnerLost { cause } => self.doubt_now(cause),
            Fact::Repeated { cause } => self.repeated_now(cause),
            // It waits to be sent again, but a callback shows that an earlier POST was received.
            Fact::Proposed { task_id } => self.doubt_again(None, &task_id),
            fact => return self.illegal(&fact),
        })
    }

    fn take(mut self, submitting: State) -> Step {
        self.record.attempt += 1;
        self.record.watch = Watch::default();
        self.to(submitting, "submitting")
    }

    /// The task of a job that was sent is looked up first: it may be running and paid for.
    fn deadline_passed(self) -> Step {
        if self.record.sent_before {
            let cause = "sent before, and the deadline has passed since";
            return self.doubt_now(cause.to_owned());
        }
        self.too_late()
    }

    fn expired(mut self, why: String, may_be_sent: bool) -> Step {
        if self.record.sent_before || may_be_sent {
            let now = self.at.now;
            // Once denied, it ends: sent again, it would expire in the same lane.
            self.record.deadline = Some(self.record.deadline.map_or(now, |at| at.min(now)));
            let sent = if may_be_sent { "perhaps sent before" } else { "sent before" };
            return self.doubt_now(format!("{sent}, and since then {why}"));
        }
        let error = Problem::new("expired", why).advice(
            "publish without an expiration, and remove any message-ttl policy from the queue",
        );
        self.settle(Outcome::TimedOut { error }, EventKind::TimedOut)
    }

    pub(super) fn too_late(self) -> Step {
        let error = Problem::new("deadline", "the deadline passed before the job was submitted")
            .advice("give a later deadline, or raise the limits that made it wait")
            .billed(false);
        self.settle(Outcome::TimedOut { error }, EventKind::TimedOut)
    }

    /// Refused before it was sent (again). An operator decides about a task of an earlier POST.
    fn refused_unsent(self, error: Problem) -> Step {
        match self.record.sent_before {
            true => self.set_aside(error.message),
            // It may have taken a slot before it was found that it is not to be sent.
            false => self.release(true).settle(Outcome::Rejected { error }, EventKind::Rejected),
        }
    }

    /// Parks the job, in doubt if it may have been sent: its slot is then kept for a while.
    fn set_aside(self, why: String) -> Step {
        let doubt = self.record.sent_before.then(|| {
            let now = self.at.now;
            Doubt::begun(now, "sent before, and not looked for since".to_owned(), now)
        });
        self.park(why, doubt)
    }

    /// A restored job may have been sent after its last journal line: its message, which is still
    /// in the broker, or its grant will show that.
    fn cancel_unsent(mut self) -> Step {
        if !self.record.restored || matches!(self.record.state, State::Tombstone) {
            return self.cancel();
        }
        let state = self.record.state.clone();
        self.record.cancel_requested = true;
        self.to(state, "asked to be cancelled")
    }
}
