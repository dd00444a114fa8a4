//! What publishing a dead letter with another request means for its job.

use std::time::Duration;

use crate::{DeadLetter, Outcome, Reached, Record, RequestHash, State, Stays, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editing {
    /// Published: no job has its id.
    Publish,
    /// Begin a new round of its job with the other request. Nothing of the round before was paid
    /// for.
    Begin,
    /// This was done before: only the letter is removed.
    Done,
    /// Nothing is changed.
    Stays(Stays),
}

impl DeadLetter {
    /// Under its own id. Pure. `reached`: how far its job may have come. `retention`: how long an
    /// ended record is kept.
    pub fn edit(
        &self,
        record: Option<&Record>,
        edited: &RequestHash,
        reached: Reached,
        now: Timestamp,
        retention: Duration,
    ) -> Editing {
        match record {
            None if self.is_older_than(retention, now) => Editing::Stays(Stays::Forgotten),
            // A look-up would find a task of the other request.
            None if self.request_hash.is_some() && reached > Reached::Nothing => {
                Editing::Stays(Stays::Unrecorded)
            }
            None => Editing::Publish,
            Some(record) if matches!(record.state, State::Tombstone) => {
                Editing::Stays(Stays::Outdated)
            }
            Some(record) if !record.was_a_job() => Editing::Publish,
            Some(record) if self.began(record) && record.is_of(edited) => Editing::Done,
            Some(record) if !self.is_own_of(record) => Editing::Stays(Stays::Conflict),
            Some(record) => self.edit_its_job(record),
        }
    }

    /// Under another id, as another job. `own`: the record of the letter's id, `there`: that of the
    /// other one.
    pub fn edit_as(
        &self,
        own: Option<&Record>,
        there: Option<&Record>,
        edited: &RequestHash,
    ) -> Editing {
        let is_taken = |record: &Record| record.was_a_job() && !record.is_of(edited);
        match own {
            Some(own) if self.ends(own) => Editing::Stays(Stays::ParkedHere),
            Some(own) if self.is_awaited_by(own) => Editing::Stays(Stays::Awaited),
            Some(_) | None if there.is_some_and(is_taken) => Editing::Stays(Stays::Taken),
            Some(_) | None => Editing::Publish,
        }
    }

    fn edit_its_job(&self, record: &Record) -> Editing {
        match &record.state {
            // A message with its request may be in the broker.
            State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::Pending { .. } => Editing::Stays(Stays::UnderWay),
            State::InDoubt { .. } | State::Parked { doubt: Some(_), .. } => {
                Editing::Stays(Stays::InDoubt)
            }
            State::Tombstone | State::Settled { outcome: Outcome::Cancelled, .. } => {
                Editing::Stays(Stays::Outdated)
            }
            State::Parked { doubt: None, at, .. } | State::Settled { at, .. } => {
                let unpaid = !record.may_have_been_paid();
                match unpaid && self.is_of(*at) && !self.began(record) {
                    true => Editing::Begin,
                    false => Editing::Stays(Stays::Outdated),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::fixture::{self, HOUR, LATER, PARKED, job, letter, record};
    use crate::{Doubt, Job, JobKey, Problem, Request};

    fn edited() -> Request {
        job().request.with("prompt", "y")
    }

    fn parked(doubt: Option<Doubt>) -> State {
        fixture::parked(doubt, PARKED)
    }

    fn of(letter: &DeadLetter, record: Option<&Record>, reached: Reached) -> Editing {
        letter.edit(record, &edited().hash(), reached, LATER, HOUR)
    }

    #[test]
    fn only_a_round_that_has_ended_unpaid_is_followed_by_an_edited_one() {
        let stays = Editing::Stays;
        let doubt = || Doubt::begun(PARKED, "x".into(), PARKED);
        let rejected = || Outcome::Rejected { error: Problem::new("invalid", "x") };
        let waiting = State::Waiting { why: "x".into(), since: PARKED, next_look: PARKED };
        let submitting =
            State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: PARKED };
        let pending = State::Pending { status: "x".into(), looks: 0, next_look: PARKED };
        for (state, expected) in [
            (parked(None), Editing::Begin),
            (State::Settled { outcome: rejected(), at: PARKED }, Editing::Begin),
            (State::Settled { outcome: rejected(), at: LATER }, stays(Stays::Outdated)),
            (State::Settled { outcome: Outcome::Cancelled, at: PARKED }, stays(Stays::Outdated)),
            (parked(Some(doubt())), stays(Stays::InDoubt)),
            (State::InDoubt { doubt: doubt() }, stays(Stays::InDoubt)),
            (State::Queued { why: None }, stays(Stays::UnderWay)),
            (waiting, stays(Stays::UnderWay)),
            (submitting, stays(Stays::UnderWay)),
            (pending, stays(Stays::UnderWay)),
        ] {
            let found = of(&letter(), Some(&record(state.clone())), Reached::Nothing);
            assert_eq!(found, expected, "{state:?}");
        }
        for paid in [
            Record { task_id: Some("7".into()), ..record(parked(None)) },
            Record { sent_before: true, ..record(parked(None)) },
            Record { submitted_at: Some(PARKED), ..record(parked(None)) },
        ] {
            let found = of(&letter(), Some(&paid), Reached::Nothing);
            assert_eq!(found, stays(Stays::Outdated));
        }
    }

    /// The letter's acknowledgement was lost after the edited round had begun.
    #[test]
    fn a_repeat_is_done_and_another_edit_after_it_is_a_conflict() {
        let mut again =
            Record { replayed: Some("l".into()), ..record(State::Queued { why: None }) };
        let plain = of(&letter(), Some(&again), Reached::Nothing);
        assert_eq!(plain, Editing::Stays(Stays::UnderWay), "it was replayed as it is");
        again.state = parked(None);
        assert_eq!(of(&letter(), Some(&again), Reached::Nothing), Editing::Stays(Stays::Outdated));
        let job = Job { request: edited(), ..job() };
        let mut done = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        done.replayed = Some("l".into());
        assert_eq!(of(&letter(), Some(&done), Reached::Nothing), Editing::Done);
        let third = edited().with("prompt", "z").hash();
        let found = letter().edit(Some(&done), &third, Reached::Nothing, LATER, HOUR);
        assert_eq!(found, Editing::Stays(Stays::Conflict));
    }

    #[test]
    fn a_message_that_was_no_job_is_replaced_and_one_that_may_be_sent_is_not() {
        let never = DeadLetter { request_hash: None, ..letter() };
        assert_eq!(of(&never, None, Reached::Provider), Editing::Publish);
        assert_eq!(of(&letter(), None, Reached::Nothing), Editing::Publish);
        for reached in [Reached::Ledger, Reached::Provider] {
            assert_eq!(of(&letter(), None, reached), Editing::Stays(Stays::Unrecorded));
        }
        let cancelled = Record::tombstone(JobKey::parse("default/a").unwrap(), PARKED);
        let found = of(&letter(), Some(&cancelled), Reached::Nothing);
        assert_eq!(found, Editing::Stays(Stays::Outdated));
        let late = letter().edit(None, &edited().hash(), Reached::Nothing, PARKED + HOUR * 2, HOUR);
        assert_eq!(late, Editing::Stays(Stays::Forgotten));
    }

    #[test]
    fn another_id_must_be_free_and_leave_no_job_behind() {
        let other = record(State::Queued { why: None });
        let hash = edited().hash();
        let as_other = |own: Option<&Record>, there: Option<&Record>, hash: &RequestHash| {
            letter().edit_as(own, there, hash)
        };
        assert_eq!(as_other(None, None, &hash), Editing::Publish);
        assert_eq!(as_other(None, Some(&other), &hash), Editing::Stays(Stays::Taken));
        let same = job().request.hash();
        assert_eq!(as_other(None, Some(&other), &same), Editing::Publish, "a repeat");
        let mut awaits = record(State::Queued { why: None });
        awaits.replayed = Some("l".into());
        assert_eq!(as_other(Some(&awaits), None, &hash), Editing::Stays(Stays::Awaited));
        let parked = record(parked(None));
        assert_eq!(as_other(Some(&parked), None, &hash), Editing::Stays(Stays::ParkedHere));
    }
}
