//! What dropping a dead letter means for its job.

use crate::{DeadLetter, Record, Stays};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropping {
    /// End the job that is parked with it, then remove the letter.
    End,
    /// Only the letter is removed.
    Remove,
    /// Nothing is changed.
    Stays(Stays),
}

impl DeadLetter {
    /// Pure.
    pub fn dropping(&self, record: Option<&Record>) -> Dropping {
        match record {
            Some(record) if self.ends(record) => Dropping::End,
            Some(record) if self.is_awaited_by(record) => Dropping::Stays(Stays::Awaited),
            Some(_) | None => Dropping::Remove,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::replay::fixture::{LATER, PARKED, letter, parked, record};

    #[test]
    fn a_letter_that_its_job_waits_for_stays() {
        let queued = Record { replayed: Some("l".into()), ..record(State::Queued { why: None }) };
        let other = Record { replayed: Some("of another".into()), ..queued.clone() };
        let by_itself = Record { acknowledged: true, ..queued.clone() };
        for (record, expected) in [
            (Some(queued), Dropping::Stays(Stays::Awaited)),
            (Some(other), Dropping::Remove),
            (Some(by_itself), Dropping::Remove),
            (Some(record(parked(None, PARKED))), Dropping::End),
            (Some(record(parked(None, LATER))), Dropping::Remove),
            (None, Dropping::Remove),
        ] {
            assert_eq!(letter().dropping(record.as_ref()), expected, "{record:?}");
        }
    }
}
