//! Moves that a person asks for.

use super::{Move, Step};
use crate::{EventKind, Outcome, Problem, State};

impl Move<'_> {
    /// What came back from the journal may have been sent after its last line there: only its
    /// message can tell, which is still in the broker.
    pub(super) fn cancel_unsent(mut self) -> Step {
        if !self.record.restored || matches!(self.record.state, State::Tombstone) {
            return self.cancel();
        }
        let state = self.record.state.clone();
        self.record.cancel_requested = true;
        self.to(state, "asked to be cancelled")
    }

    pub(super) fn dropped(mut self, why: &str, in_doubt: bool) -> Step {
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

    /// A new round that knows which letter began it. The letter itself is its message.
    pub(super) fn replayed(self, letter: String) -> Step {
        let mut record = self.again("replayed from the dead letters".to_owned()).record;
        record.replayed = Some(letter);
        Step { record, effects: Vec::new() }
    }
}
