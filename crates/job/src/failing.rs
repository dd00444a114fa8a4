//! What resolving a dead letter as failed means for its job.

use crate::{DeadLetter, Fact, Outcome, Problem, Record, State, Stays};

#[derive(Clone, Debug, PartialEq)]
pub enum Failing {
    /// Apply this fact, then remove the letter.
    End(Fact),
    /// Its job has failed: only the letter is removed.
    Done,
    /// Nothing is changed.
    Stays(Stays),
}

impl DeadLetter {
    /// Pure. `why`: what the event says.
    pub fn failing(&self, record: Option<&Record>, why: &str) -> Failing {
        match record {
            None => Failing::Stays(Stays::NoJob),
            Some(record) if self.ends(record) => Failing::End(failed(record, why)),
            Some(record) if !record.was_a_job() => Failing::Stays(Stays::NoJob),
            Some(record) if !self.is_own_of(record) => Failing::Stays(Stays::Conflict),
            Some(record) => Self::of_no_parking(record),
        }
    }

    fn of_no_parking(record: &Record) -> Failing {
        match &record.state {
            // It was dropped, and its id is free.
            State::Settled { .. } if record.may_begin_again => Failing::Stays(Stays::Ended),
            State::Settled { outcome: Outcome::Failed { .. }, .. } => Failing::Done,
            State::Settled { .. } => Failing::Stays(Stays::Ended),
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::Pending { .. } => Failing::Stays(Stays::UnderWay),
            State::InDoubt { .. } => Failing::Stays(Stays::InDoubt),
            // It was parked again since.
            State::Parked { .. } => Failing::Stays(Stays::Outdated),
        }
    }
}

fn failed(record: &Record, why: &str) -> Fact {
    let doubted = matches!(record.state, State::Parked { doubt: Some(_), .. });
    let advice = match doubted || record.may_have_been_paid() {
        true => "a task may have been created and billed: ask the provider",
        false => "nothing was submitted: submit it under another id to have it done",
    };
    Fact::Abandoned { error: Problem::new("given_up", why).advice(advice) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use crate::replay::fixture::{
        LATER, PARKED, doubt, failed, job, letter, parked, record, rejected, settled, succeeded,
    };

    #[test]
    fn only_a_job_that_is_parked_with_the_letter_is_failed() {
        let stays = Failing::Stays;
        for (state, expected) in [
            (State::Queued { why: None }, stays(Stays::UnderWay)),
            (State::InDoubt { doubt: doubt() }, stays(Stays::InDoubt)),
            (parked(None, LATER), stays(Stays::Outdated)),
            (settled(failed(), LATER), Failing::Done),
            (settled(rejected(), PARKED), stays(Stays::Ended)),
            (settled(succeeded(), LATER), stays(Stays::Ended)),
        ] {
            assert_eq!(letter().failing(Some(&record(state.clone())), "x"), expected, "{state:?}");
        }
        let dropped = Record { may_begin_again: true, ..record(settled(failed(), PARKED)) };
        assert_eq!(letter().failing(Some(&dropped), "x"), stays(Stays::Ended), "its id is free");
        assert_eq!(letter().failing(None, "x"), stays(Stays::NoJob));
        let other = DeadLetter { request_hash: None, ..letter() };
        let parked = record(parked(None, PARKED));
        assert_eq!(other.failing(Some(&parked), "x"), stays(Stays::Conflict));
        let tombstone = Record::tombstone(job().key, Timestamp::EPOCH);
        assert_eq!(letter().failing(Some(&tombstone), "x"), stays(Stays::NoJob));
    }

    #[test]
    fn who_fails_a_job_is_told_whether_it_may_be_billed() {
        for (parking, sent, billed) in
            [(None, false, false), (None, true, true), (Some(doubt()), false, true)]
        {
            let parked = Record { sent_before: sent, ..record(parked(parking, PARKED)) };
            let Failing::End(Fact::Abandoned { error }) =
                letter().failing(Some(&parked), "too old")
            else {
                panic!("it is parked")
            };
            assert_eq!((error.kind.as_str(), error.message.as_str()), ("given_up", "too old"));
            let advice = error.advice.unwrap_or_default();
            assert_eq!(advice.contains("may have been created"), billed, "{advice}");
        }
    }
}
