//! How long a job keeps its slot at the provider.

use crate::{Cadence, Record, State, Timestamp};

/// Whether the slot of this account and round may be given back. A job in doubt may have a running
/// task: its slot is kept as long as such a task may run. `pace` as for looks.
pub fn slot_is_over(
    record: Option<&Record>,
    account: &str,
    round: u32,
    now: Timestamp,
    pace: f64,
) -> bool {
    // Since it took that slot, it may have been given another account.
    let Some(record) = record.filter(|record| record.may_be_with(account)) else { return true };
    match &record.state {
        State::InDoubt { doubt } | State::Parked { doubt: Some(doubt), .. }
            if record.round == round =>
        {
            now.since(doubt.since) >= Cadence::of(&record.operation, pace).lives
        }
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => !record.holds_permit(round),
    }
}

/// Whether the account gets back an unspent submission with a slot that is over: it has no task of
/// the job. Of a job with several tasks, it may have one.
pub fn slot_was_unspent(record: Option<&Record>, account: &str) -> bool {
    record.is_some_and(|record| !record.may_be_with(account) && record.other_tasks.is_empty())
}

impl Record {
    /// Whether the provider may be working on this round. Also while a job that was sent before
    /// waits to be sent again.
    pub fn holds_permit(&self, round: u32) -> bool {
        let working = match self.state {
            State::Submitting { .. } | State::InDoubt { .. } | State::Pending { .. } => true,
            State::Queued { .. } => self.sent_before,
            State::Tombstone
            | State::Waiting { .. }
            | State::Settled { .. }
            | State::Parked { .. } => false,
        };
        working && self.round == round && !self.watch.slot_returned
    }

    /// Also a doubt that was parked: its task may be running and may still be found.
    pub fn may_be_running(&self) -> bool {
        self.holds_permit(self.round) || matches!(self.state, State::Parked { doubt: Some(_), .. })
    }

    /// Whether a slot that was taken for round 1 without a record belongs to this one: its task may
    /// be running, or its delivery returns for it.
    pub fn keeps_first_slot(&self) -> bool {
        self.round == 1 && (self.may_be_running() || matches!(self.state, State::Queued { .. }))
    }

    /// Its place among its tenant's jobs while it waits for a slot.
    pub fn waits_since(&self) -> Timestamp {
        if let State::Waiting { since, .. } = self.state { since } else { self.came_at() }
    }

    /// What waiting for a slot is charged by: the usual time of such a task, in milliseconds, times
    /// its slots.
    pub fn slot_cost(&self) -> u64 {
        let usual = Cadence::of(&self.operation, 1.0).first.as_millis();
        u64::try_from(usual).unwrap_or(u64::MAX).saturating_mul(self.slots.into())
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
        let of = |record: Option<&Record>, account: &str, round| {
            slot_is_over(record, account, round, Timestamp::EPOCH, 1.0)
        };
        let over = |record: Option<&Record>, round| of(record, "default", round);
        assert!(!over(Some(&record(pending())), 1));
        assert!(over(Some(&record(pending())), 2), "another round's slot");
        assert!(over(Some(&record(State::Queued { why: None })), 1));
        assert!(over(None, 1), "no record at all");
        assert!(of(Some(&record(pending())), "b", 1), "it runs with another account");
    }

    #[test]
    fn a_slot_is_held_on_each_account_that_may_have_the_task() {
        let doubt = Doubt::begun(Timestamp::EPOCH, String::new(), Timestamp::EPOCH);
        let lost = record(State::InDoubt { doubt }).sent_with_one_of(&["b".to_owned()]);
        let over = |account| slot_is_over(Some(&lost), account, 1, Timestamp::EPOCH, 1.0);
        assert!(!over("default") && !over("b"));
        assert!(over("c"));
    }

    #[test]
    fn a_slot_of_an_account_without_a_task_is_unspent() {
        let mut record = record(pending());
        assert!(slot_was_unspent(Some(&record), "b"));
        assert!(!slot_was_unspent(Some(&record), "default"), "it has the task");
        assert!(!slot_was_unspent(None, "b"), "nothing is known");
        record.other_tasks = vec!["7".to_owned()];
        assert!(!slot_was_unspent(Some(&record), "b"), "it may have the other task");
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
                slot_is_over(Some(&record), "default", 1, now, 1.0)
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
