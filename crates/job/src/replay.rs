//! What publishing a dead letter again means for its job.

use std::time::Duration;

use crate::{Outcome, Record, RequestHash, State, Timestamp};

/// What a dead letter shows about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names the letter; letters that are equal byte by byte have the same name.
    pub handle: String,
    /// When it was dead-lettered, by the store's time; `None` if that was not noted.
    pub dead_at: Option<Timestamp>,
    /// The hash of its request; `None` when it cannot be read as a job.
    pub request_hash: Option<RequestHash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Published as it is: its job waits for a message, or has no round yet.
    Publish,
    /// Begin a new round, then publish.
    Begin,
    /// Its round was begun before and does not need the letter any more.
    Done,
    /// Not published: it would do nothing, or harm.
    Stays(Stays),
}

/// Why a letter is left where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// Its id belongs to another request.
    Conflict,
    /// Its job is being done.
    UnderWay,
    /// Its job may have been submitted already: an operator settles that first.
    InDoubt,
    /// Its job has changed since, was cancelled, or may have been paid.
    Outdated,
    /// Its job's record has expired: it may have been done.
    Forgotten,
    /// No job was recorded for it.
    NoJob,
    /// Its job has ended otherwise.
    Ended,
    /// No record shows whether it was submitted.
    Unrecorded,
    /// Its job is recorded: only its request can be edited.
    Recorded,
    /// Its job is parked with it, so another id would leave that job behind.
    ParkedHere,
    /// The new id belongs to another request.
    Taken,
    /// A replay has begun a round of its job, which may have no other message.
    Awaited,
}

/// How much the clocks of the record's and the letter's writers may differ.
const SKEW: Duration = Duration::from_secs(5);

impl DeadLetter {
    /// Pure. `retention`: how long an ended record is kept.
    pub fn replay(&self, record: Option<&Record>, now: Timestamp, retention: Duration) -> Replay {
        match record {
            None if self.is_older_than(retention, now) => Replay::Stays(Stays::Forgotten),
            None => Replay::Publish,
            Some(record) if !record.was_a_job() => Replay::Publish,
            Some(record) if !self.is_own_of(record) => Replay::Stays(Stays::Conflict),
            Some(record) => self.of_its_job(record),
        }
    }

    /// Whether dropping it ends its job: nothing has happened to the job since it was parked.
    pub fn ends(&self, record: &Record) -> bool {
        let same = !record.was_a_job() || self.is_own_of(record);
        matches!(record.state, State::Parked { at, .. } if same && self.is_of(at))
    }

    pub(crate) fn is_own_of(&self, record: &Record) -> bool {
        self.request_hash.as_ref().is_some_and(|hash| record.is_of(hash))
    }

    fn of_its_job(&self, record: &Record) -> Replay {
        let repeated = self.began(record);
        match &record.state {
            // It is unknown whether its message was published; one too many does nothing.
            State::Queued { .. } => Replay::Publish,
            _ if repeated => Replay::Done,
            State::Tombstone => Replay::Publish,
            State::Waiting { .. } | State::Submitting { .. } | State::Pending { .. } => {
                Replay::Stays(Stays::UnderWay)
            }
            State::InDoubt { .. } | State::Parked { doubt: Some(_), .. } => {
                Replay::Stays(Stays::InDoubt)
            }
            State::Settled { outcome: Outcome::Cancelled, .. } => Replay::Stays(Stays::Outdated),
            State::Parked { doubt: None, at, .. } | State::Settled { at, .. } => {
                match !record.may_have_been_paid() && self.is_of(*at) {
                    true => Replay::Begin,
                    false => Replay::Stays(Stays::Outdated),
                }
            }
        }
    }

    /// Whether it has begun the present round of the job.
    pub(crate) fn began(&self, record: &Record) -> bool {
        record.replayed.as_ref() == Some(&self.handle)
    }

    /// Whether the job may have no other message: a replay can fail before it is published.
    pub(crate) fn is_awaited_by(&self, record: &Record) -> bool {
        let queued = matches!(record.state, State::Queued { .. });
        queued && self.began(record) && !record.acknowledged
    }

    /// It was written when its job ended, or after that.
    pub(crate) fn is_of(&self, at: Timestamp) -> bool {
        self.dead_at.is_none_or(|dead_at| dead_at + SKEW >= at)
    }

    pub(crate) fn is_older_than(&self, age: Duration, now: Timestamp) -> bool {
        self.dead_at.is_some_and(|dead_at| now.since(dead_at) > age)
    }
}

#[cfg(test)]
pub(crate) mod fixture;

#[cfg(test)]
mod tests {
    use super::fixture::{
        HOUR, LATER, PARKED, doubt, failed, letter, parked, record, rejected, settled, succeeded,
    };
    use super::*;

    fn of(letter: &DeadLetter, record: &Record) -> Replay {
        letter.replay(Some(record), LATER, HOUR)
    }

    #[test]
    fn every_state_has_its_answer() {
        use Replay::{Begin, Publish};
        let stays = Replay::Stays;
        let submitting =
            State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: PARKED };
        let pending = State::Pending { status: "x".into(), looks: 0, next_look: PARKED };
        for (state, expected) in [
            (State::Tombstone, Publish),
            (State::Queued { why: None }, Publish),
            (submitting, stays(Stays::UnderWay)),
            (pending, stays(Stays::UnderWay)),
            (State::InDoubt { doubt: doubt() }, stays(Stays::InDoubt)),
            (parked(Some(doubt()), PARKED), stays(Stays::InDoubt)),
            (parked(None, PARKED), Begin),
            (parked(None, LATER), stays(Stays::Outdated)),
            (settled(rejected(), PARKED), Begin),
            (settled(rejected(), LATER), stays(Stays::Outdated)),
            (settled(failed(), LATER), stays(Stays::Outdated)),
            (settled(Outcome::Cancelled, PARKED), stays(Stays::Outdated)),
        ] {
            assert_eq!(of(&letter(), &record(state.clone())), expected, "{state:?}");
        }
    }

    #[test]
    fn what_may_have_been_paid_for_is_never_begun_again() {
        let sent = |change: fn(&mut Record)| {
            let mut record = record(settled(succeeded(), PARKED));
            change(&mut record);
            record
        };
        let unknown = DeadLetter { dead_at: None, ..letter() };
        for record in [
            sent(|record| record.task_id = Some("7".into())),
            sent(|record| record.sent_before = true),
            sent(|record| record.submitted_at = Some(PARKED)),
        ] {
            for letter in [letter(), unknown.clone()] {
                assert_eq!(of(&letter, &record), Replay::Stays(Stays::Outdated));
            }
        }
    }

    /// The letter's acknowledgement was lost after its round had begun.
    #[test]
    fn a_repeat_is_the_same_round() {
        let again = |state| Record { replayed: Some("l".into()), round: 2, ..record(state) };
        assert_eq!(of(&letter(), &again(State::Queued { why: None })), Replay::Publish);
        for state in [
            parked(None, PARKED),
            settled(rejected(), PARKED),
            settled(succeeded(), PARKED),
            State::InDoubt { doubt: doubt() },
        ] {
            assert_eq!(of(&letter(), &again(state)), Replay::Done);
        }
        let next = DeadLetter { handle: "of round 2".into(), ..letter() };
        assert_eq!(of(&next, &again(parked(None, PARKED))), Replay::Begin);
    }

    #[test]
    fn another_request_and_a_forgotten_job_stay() {
        let other = DeadLetter { request_hash: Some(crate::Request::default().hash()), ..letter() };
        let unreadable = DeadLetter { request_hash: None, ..letter() };
        for letter in [other, unreadable] {
            let answer = of(&letter, &record(parked(None, PARKED)));
            assert_eq!(answer, Replay::Stays(Stays::Conflict));
            assert!(!letter.ends(&record(parked(None, PARKED))));
        }
        assert_eq!(letter().replay(None, LATER, HOUR), Replay::Publish);
        let long_ago = letter().replay(None, PARKED + HOUR * 2, HOUR);
        assert_eq!(long_ago, Replay::Stays(Stays::Forgotten));
        let untold = DeadLetter { dead_at: None, ..letter() };
        assert_eq!(untold.replay(None, PARKED + HOUR * 2, HOUR), Replay::Publish);
    }

    #[test]
    fn only_a_letter_of_this_parking_ends_the_job() {
        assert!(letter().ends(&record(parked(None, PARKED))));
        assert!(letter().ends(&record(parked(Some(doubt()), PARKED))));
        assert!(!letter().ends(&record(parked(None, LATER))));
        assert!(!letter().ends(&record(State::Queued { why: None })));
        assert!(!letter().ends(&record(settled(failed(), PARKED))));
    }
}
