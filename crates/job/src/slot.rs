//! How long a job keeps its slot at the provider.

use crate::{Cadence, Record, State, Timestamp};

/// Whether the slot of this round may be given back. A job in doubt may have a running task: its
/// slot is kept as long as such a task may run. `pace` as for looks.
pub fn slot_is_over(record: Option<&Record>, round: u32, now: Timestamp, pace: f64) -> bool {
    let Some(record) = record else { return true };
    match &record.state {
        State::InDoubt { doubt } | State::Parked { doubt: Some(doubt), .. }
            if record.round == round =>
        {
            now.since(doubt.since) >= Cadence::of(&record.operation, pace).lives
        }
        State::Tombstone
        | State::Queued { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => !record.holds_permit(round),
    }
}

impl Record {
    /// Whether the provider may be working on this round. Also while a job that was sent before
    /// waits to be sent again.
    pub fn holds_permit(&self, round: u32) -> bool {
        let working = match self.state {
            State::Submitting { .. } | State::InDoubt { .. } | State::Pending { .. } => true,
            State::Queued { .. } => self.sent_before,
            State::Tombstone | State::Settled { .. } | State::Parked { .. } => false,
        };
        working && self.round == round && !self.watch.slot_returned
    }

    /// Also a doubt that was parked: its task may be running and may still be found.
    pub fn may_be_running(&self) -> bool {
        self.holds_permit(self.round) || matches!(self.state, State::Parked { doubt: Some(_), .. })
    }

    /// Whether a slot that was taken for round 1 without a record belongs to this one: its task may
    /// be running, or it waits for a slot.
    pub fn keeps_first_slot(&self) -> bool {
        self.round == 1 && (self.may_be_running() || matches!(self.state, State::Queued { .. }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Doubt, MessageFacts, decode};

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        record.state = state;
        record
    }

    fn pending() -> State {
        State::Pending { status: "processing".into(), looks: 0, next_look: Timestamp::EPOCH }
    }

    #[test]
    fn a_slot_is_in_use_as_long_as_its_round_works() {
        let over =
            |record: Option<&Record>, round| slot_is_over(record, round, Timestamp::EPOCH, 1.0);
        assert!(!over(Some(&record(pending())), 1));
        assert!(over(Some(&record(pending())), 2), "another round's slot");
        assert!(over(Some(&record(State::Queued { why: None })), 1));
        assert!(over(None, 1), "no record at all");
    }

    #[test]
    fn a_doubt_keeps_its_slot_as_long_as_such_a_task_lives() {
        let doubt = Doubt::begun(Timestamp::EPOCH, String::new(), Timestamp::EPOCH);
        let parked =
            State::Parked { why: String::new(), doubt: Some(doubt.clone()), at: Timestamp::EPOCH };
        for state in [parked, State::InDoubt { doubt }] {
            let record = record(state);
            let over = |seconds| {
                let now = Timestamp::EPOCH + Duration::from_secs(seconds);
                slot_is_over(Some(&record), 1, now, 1.0)
            };
            assert!(!over(1799), "a task may still run");
            assert!(over(1800));
        }
    }

    #[test]
    fn a_slot_that_was_taken_without_a_record_is_kept_for_a_first_round_that_works_or_waits() {
        assert!(record(pending()).keeps_first_slot());
        assert!(record(State::Queued { why: None }).keeps_first_slot());
        assert!(!record(State::Tombstone).keeps_first_slot());
        let second = Record { round: 2, ..record(pending()) };
        assert!(!second.keeps_first_slot(), "that one has a slot of its own");
    }
}
