//! Moves of a job that waits for an operator, or has ended.

use super::{Move, Moved, Step};
use crate::{Doubt, EventKind, Fact, Kept, Outcome, Problem, Request, StoredHash};

impl Move<'_> {
    pub(super) fn of_parked_doubt(self, why: &str, doubt: Doubt, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Resubmit { why } => self.queue_again(doubt, &why, None),
            Fact::Accepted { task_id, status } => self.pending(task_id, status),
            Fact::Proposed { task_id } => self.doubt_again(Some(doubt), &task_id),
            Fact::Abandoned { error } | Fact::Refused { error } => self.abandon(error),
            Fact::Dropped => self.dropped(why, true),
            fact => return self.illegal(&fact),
        })
    }

    pub(super) fn of_parked(self, why: &str, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Abandoned { error } | Fact::Refused { error } => self.abandon(error),
            // `cancelled` means unpaid: a job that may have been paid for is settled as a doubt.
            Fact::CancelRequested if !self.record.may_have_been_paid() => self.cancel(),
            Fact::Dropped => self.dropped(why, false),
            fact => return self.of_settled(fact),
        })
    }

    /// Not for a parked doubt: its task may exist, so it must be settled first.
    pub(super) fn of_settled(self, fact: Fact) -> Moved {
        Ok(match fact {
            Fact::Again { why } => self.again(why),
            Fact::Replayed { letter } if !self.record.may_have_been_paid() => self.replayed(letter),
            Fact::Edited { letter, request, slots } if !self.record.may_have_been_paid() => {
                self.edited(letter, request, slots)
            }
            fact => return self.illegal(&fact),
        })
    }

    /// Only a retry uses the request that was kept; any other round begins with a message.
    pub(super) fn of_ended(mut self, fact: Fact) -> Moved {
        match fact {
            Fact::Retried { round } if self.record.may_be_retried_after(round).is_ok() => {
                Ok(self.retried())
            }
            fact => {
                self.record.request = Kept::Nothing;
                self.of_settled(fact)
            }
        }
    }

    /// With the request that was kept.
    fn retried(self) -> Step {
        self.again_by_itself("retried by an operator")
    }

    /// A new round with the request of the record, which publishes its own message, as for a job whose
    /// message was acknowledged. A deadline that is over would end it at once.
    fn again_by_itself(mut self, why: &str) -> Step {
        let now = self.at.now;
        self.record.deadline = self.record.deadline.filter(|deadline| *deadline > now);
        let Step { mut record, effects } = self.again(why.to_owned());
        record.acknowledged = true;
        Step { record, effects }
    }

    fn dropped(mut self, why: &str, in_doubt: bool) -> Step {
        let message = format!("given up by a person; it was parked: {why}");
        let unsent = !in_doubt && !self.record.may_have_been_paid();
        let advice = match unsent {
            true => "nothing was submitted: publish it again under the same id to have it done",
            false => "a task may have been created and billed: ask the provider",
        };
        self.record.may_begin_again = unsent;
        let error = Problem::new("dropped", message).advice(advice);
        self.settle(Outcome::Failed { error }, EventKind::Failed)
    }

    /// A new round, with the letter that began it. The letter itself is its message.
    fn replayed(self, letter: String) -> Step {
        let mut record = self.again("replayed from the dead letters".to_owned()).record;
        record.replayed = Some(letter);
        Step { record, effects: Vec::new() }
    }

    /// The same with another request. The letter has the old one, so the message is the record's.
    fn edited(mut self, letter: String, request: Request, slots: u32) -> Step {
        self.record.request_hash = StoredHash::of_request(&request.hash());
        self.record.model = request.model().map(str::to_owned);
        self.record.slots = slots;
        self.record.request = Kept::Here(request);
        let Step { mut record, effects } = self.again_by_itself("edited by a person");
        record.replayed = Some(letter);
        Step { record, effects }
    }
}
