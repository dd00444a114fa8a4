use std::time::Duration;

use crate::{Record, State, Timestamp};

/// By then a worker that can reach the ledger has recorded how its POST ended.
const OVERDUE: Duration = Duration::from_secs(5);

impl Record {
    /// Its owner is gone, or lives and has not recorded the end of the POST in time (a lost answer,
    /// a panic).
    pub fn is_orphaned(&self, owner_alive: bool, now: Timestamp) -> bool {
        match &self.state {
            State::Submitting { post_deadline, .. } => {
                !owner_alive || now >= *post_deadline + OVERDUE
            }
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. }
            | State::Settled { .. }
            | State::Parked { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JobKey;

    fn submitting() -> Record {
        let key = JobKey::parse("default/a").unwrap();
        let mut record = Record::tombstone(key, Timestamp::EPOCH);
        let post_deadline = Timestamp::EPOCH;
        record.state =
            State::Submitting { owner: "o".into(), intent: String::new(), post_deadline };
        record
    }

    #[test]
    fn a_submission_is_orphaned_without_its_owner_or_long_after_its_deadline() {
        let (record, late) = (submitting(), Timestamp::EPOCH + OVERDUE);
        let before = Timestamp::from_millis(late.as_millis() - 1);
        assert!(!record.is_orphaned(true, before));
        assert!(record.is_orphaned(true, late));
        assert!(record.is_orphaned(false, before));
        let waiting = Record { state: State::Queued { why: None }, ..record };
        assert!(!waiting.is_orphaned(false, late), "nobody submits it");
    }
}
