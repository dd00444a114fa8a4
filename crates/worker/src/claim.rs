//! What the ledger knows of a job decides what a delivery of it means.

use std::time::Duration;

use job::{Life, RequestHash, State, Timestamp};
use ports::{Reached, Stored};

/// What to do with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Never seen: write the intent and submit.
    New,
    /// No record, yet an earlier ledger may have known it: look before submitting.
    RecordLost,
    /// It waits for this try.
    Retry,
    /// Its id was only ever used by a message that was no job, as far as is known.
    Replacement {
        /// The ledger has forgotten what came after that message.
        may_be_sent: bool,
    },
    /// Cancelled before it came.
    Cancelled,
    /// Cancelled while nobody could tell whether it had been sent: this delivery tells that not.
    Withdrawn,
    /// A person gave it up before anything was sent, and here it is again.
    BeginsAgain,
    /// Already on its way or done: journal what is known, acknowledge.
    Duplicate,
    /// Somebody alive is submitting it.
    BeingSubmitted,
    /// Whoever was submitting it is gone.
    Orphaned,
    /// Another request under the same id: the first stands.
    Conflict,
    /// Its worker wrote the intent and then put the message back without sending.
    Unsent,
    /// A doubt about one message of the job, and this other one may have been sent too, under
    /// an external id of its own.
    SentBeside,
}

/// What the delivery itself tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting<'a> {
    /// How far the job may have come by this message.
    pub reached: Reached,
    /// As its producer told, if that can be.
    pub enqueued: Option<Timestamp>,
    /// That the message tells; `None` when it tells none.
    pub life: Option<&'a Life>,
    /// The intent that was written for it and surely not sent.
    pub unsent: Option<&'a str>,
    /// How wrong a producer's clock may be.
    pub skew: Duration,
    /// Of the present generation of the ledger.
    pub began_at: Timestamp,
    pub now: Timestamp,
}

/// The clocks of stores differ by no more.
const SKEW: Duration = Duration::from_secs(5);

/// Pure. A generation that began at the epoch is the first: nothing was before it.
fn is_before(at: Timestamp, began_at: Timestamp, skew: Duration) -> bool {
    began_at > Timestamp::EPOCH && at < began_at + skew
}

impl Sighting<'_> {
    /// The message may have been sent by a worker whose record an earlier generation has lost. A
    /// producer's clock is believed only where it is clear of the beginning by minutes.
    fn may_be_forgotten(&self) -> bool {
        let enqueued = self.enqueued.unwrap_or(Timestamp::EPOCH);
        self.reached > Reached::Nothing && is_before(enqueued, self.began_at, self.skew)
    }

    /// Published after that, as far as is told: not a copy that was left over. It pays for nothing
    /// twice if that is wrong.
    fn is_after(&self, at: Timestamp) -> bool {
        self.enqueued.is_none_or(|enqueued| enqueued + self.skew >= at)
    }

    fn is_beside(&self, stored: &Stored) -> bool {
        let life = &stored.record.life;
        self.may_be_forgotten()
            && self.reached == Reached::Provider
            && stored.record.created_at >= self.began_at
            && !life.is_unknown()
            && self.life.is_some_and(|told| told != life)
    }
}

/// A POST that ended has been recorded long since, if its worker can reach the ledger at all.
const OVERDUE: Duration = Duration::from_secs(5);

pub(crate) fn decide(
    found: Option<&Stored>,
    hash: &RequestHash,
    sighting: Sighting<'_>,
) -> Verdict {
    let Some(stored) = found else {
        return match sighting.may_be_forgotten() {
            true => Verdict::RecordLost,
            false => Verdict::New,
        };
    };
    let record = &stored.record;
    // It shows as waiting, but whoever had this message may have begun a POST: of what happened
    // before the present generation, the ledger may have forgotten the end.
    let old = record.restored || is_before(record.last_change(), sighting.began_at, SKEW);
    let forgot = old && sighting.reached == Reached::Provider;
    match &record.state {
        // It tells nothing of the job: whoever cancelled may have done so after a loss.
        State::Tombstone if sighting.may_be_forgotten() => Verdict::RecordLost,
        State::Tombstone => Verdict::Cancelled,
        _ if record.leaves_its_id() => Verdict::Replacement { may_be_sent: forgot },
        _ if !record.is_of(hash) => Verdict::Conflict,
        State::Queued { .. } if forgot => Verdict::Orphaned,
        State::Queued { .. } if record.cancel_requested && !record.sent_before => {
            Verdict::Withdrawn
        }
        State::Queued { .. } => Verdict::Retry,
        State::Submitting { intent, .. } if sighting.unsent == Some(intent.as_str()) => {
            Verdict::Unsent
        }
        // An owner that lives but has forgotten the job (a lost answer, a panic) is no owner.
        State::Submitting { post_deadline, .. }
            if stored.owner_alive && sighting.now < *post_deadline + OVERDUE =>
        {
            Verdict::BeingSubmitted
        }
        State::Submitting { .. } => Verdict::Orphaned,
        State::InDoubt { .. } if sighting.is_beside(stored) => Verdict::SentBeside,
        State::Settled { at, .. } if record.may_begin_again && sighting.is_after(*at) => {
            Verdict::BeginsAgain
        }
        State::InDoubt { .. }
        | State::Pending { .. }
        | State::Settled { .. }
        | State::Parked { .. } => Verdict::Duplicate,
    }
}

#[cfg(test)]
mod tests {
    use job::{Job, MessageFacts, Record, decode};

    use super::*;

    fn job() -> Job {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        decode(body, MessageFacts::default()).unwrap()
    }

    fn stored(state: State, owner_alive: bool) -> Stored {
        let mut record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
        record.state = state;
        Stored { record, version: 1, owner_alive }
    }

    fn submitting() -> State {
        State::Submitting {
            owner: "o".into(),
            intent: String::new(),
            post_deadline: Timestamp::EPOCH,
        }
    }

    const MINUTES: Duration = Duration::from_secs(300);

    const FRESH: Sighting<'static> = Sighting {
        reached: Reached::Nothing,
        enqueued: None,
        life: None,
        unsent: None,
        skew: MINUTES,
        began_at: Timestamp::EPOCH,
        now: Timestamp::EPOCH,
    };

    #[test]
    fn no_record_means_new_unless_an_earlier_ledger_may_have_known_it() {
        let hash = job().request.hash();
        let began = Timestamp::from_millis(1_700_000_000_000);
        let seen = |reached, before: bool| {
            let began_at = if before { began } else { Timestamp::EPOCH };
            Sighting { reached, began_at, ..FRESH }
        };
        assert_eq!(decide(None, &hash, FRESH), Verdict::New);
        assert_eq!(decide(None, &hash, seen(Reached::Ledger, false)), Verdict::New);
        assert_eq!(decide(None, &hash, seen(Reached::Nothing, true)), Verdict::New);
        for reached in [Reached::Ledger, Reached::Provider] {
            assert_eq!(decide(None, &hash, seen(reached, true)), Verdict::RecordLost);
        }
    }

    #[test]
    fn every_state_has_its_verdict() {
        let hash = job().request.hash();
        let verdict = |state, alive| decide(Some(&stored(state, alive)), &hash, FRESH);
        assert_eq!(verdict(State::Queued { why: None }, false), Verdict::Retry);
        assert_eq!(verdict(State::Tombstone, false), Verdict::Cancelled);
        assert_eq!(verdict(submitting(), true), Verdict::BeingSubmitted);
        assert_eq!(verdict(submitting(), false), Verdict::Orphaned);
        let overdue = Sighting { now: Timestamp::EPOCH + OVERDUE, ..FRESH };
        let forgotten = stored(submitting(), true);
        assert_eq!(decide(Some(&forgotten), &hash, overdue), Verdict::Orphaned);
        let parked = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
        assert_eq!(verdict(parked, false), Verdict::Duplicate);
    }

    #[test]
    fn a_restored_job_whose_message_may_have_been_sent_is_an_orphan() {
        let hash = job().request.hash();
        let mut waiting = stored(State::Queued { why: None }, false);
        let again = Sighting { reached: Reached::Provider, ..FRESH };
        let later = Sighting { began_at: Timestamp::from_millis(1), ..again };
        let put_off = Sighting { reached: Reached::Ledger, ..FRESH };
        assert_eq!(decide(Some(&waiting), &hash, again), Verdict::Retry);
        assert_eq!(decide(Some(&waiting), &hash, later), Verdict::Orphaned, "set back");
        waiting.record.restored = true;
        assert_eq!(decide(Some(&waiting), &hash, FRESH), Verdict::Retry);
        assert_eq!(decide(Some(&waiting), &hash, put_off), Verdict::Retry);
        assert_eq!(decide(Some(&waiting), &hash, again), Verdict::Orphaned);
    }

    #[test]
    fn an_id_that_only_a_bad_message_used_is_free() {
        let hash = job().request.hash();
        let bad = decode(b"{}", MessageFacts { message_id: Some("a"), routing_key: None });
        let bad = bad.unwrap_err();
        let rejected = Record::rejected(&bad, job().key, b"{}", Timestamp::EPOCH);
        // As version 0.1 kept it.
        let mut parked = Record::of_bad_job(&bad, job().key, b"{}", Timestamp::EPOCH);
        parked.state = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
        for record in [rejected, parked] {
            let found =
                |record: &Record| Stored { record: record.clone(), version: 1, owner_alive: false };
            let verdict = |record, reached| {
                decide(Some(&found(record)), &hash, Sighting { reached, ..FRESH })
            };
            let free = Verdict::Replacement { may_be_sent: false };
            assert_eq!(verdict(&record, Reached::Provider), free);
            let restored = Record { restored: true, ..record.clone() };
            assert_eq!(verdict(&restored, Reached::Ledger), free);
            let taken = Verdict::Replacement { may_be_sent: true };
            assert_eq!(verdict(&restored, Reached::Provider), taken);
            let now = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
            assert_eq!(now.in_place_of(&record, "reelwork").round, 2);
        }
    }

    #[test]
    fn a_job_that_was_rejected_keeps_its_id() {
        let error = job::Problem::new("policy", "no");
        let outcome = job::Outcome::Rejected { error };
        let rejected = stored(State::Settled { outcome, at: Timestamp::EPOCH }, false);
        let hash = job().request.hash();
        assert_eq!(decide(Some(&rejected), &hash, FRESH), Verdict::Duplicate);
    }

    #[test]
    fn bytes_and_requests_are_never_compared() {
        let record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
        assert!(record.is_of(&job().request.hash()));
        let canonical = br#"{"prompt":"x",}"#;
        assert!(!record.is_of_message(canonical), "the very bytes that were hashed");
        let bad = decode(b"{}", MessageFacts::default()).unwrap_err();
        let none = Record::rejected(&bad, job().key, canonical, Timestamp::EPOCH);
        assert!(none.is_of_message(canonical) && !none.is_of(&job().request.hash()));
    }

    #[test]
    fn a_tombstone_does_not_cancel_what_may_have_been_sent() {
        let hash = job().request.hash();
        let tombstone = stored(State::Tombstone, false);
        let began_at = Timestamp::from_millis(1_700_000_000_000);
        let seen = |reached, began_at| Sighting { reached, began_at, ..FRESH };
        let verdict = |sighting| decide(Some(&tombstone), &hash, sighting);
        assert_eq!(verdict(seen(Reached::Provider, Timestamp::EPOCH)), Verdict::Cancelled);
        assert_eq!(verdict(seen(Reached::Nothing, began_at)), Verdict::Cancelled);
        assert_eq!(verdict(seen(Reached::Provider, began_at)), Verdict::RecordLost);
    }

    #[test]
    fn a_cancellation_that_had_to_wait_is_done_once_nothing_was_sent() {
        let hash = job().request.hash();
        let mut asked = stored(State::Queued { why: None }, false);
        (asked.record.cancel_requested, asked.record.restored) = (true, true);
        let verdict =
            |stored: &Stored, reached| decide(Some(stored), &hash, Sighting { reached, ..FRESH });
        assert_eq!(verdict(&asked, Reached::Ledger), Verdict::Withdrawn);
        assert_eq!(verdict(&asked, Reached::Provider), Verdict::Orphaned);
        asked.record.sent_before = true;
        assert_eq!(verdict(&asked, Reached::Ledger), Verdict::Retry, "what was sent goes on");
    }

    #[test]
    fn a_dropped_job_begins_again_when_it_is_published_again() {
        let hash = job().request.hash();
        let at = Timestamp::from_millis(1_700_000_000_000);
        let error = job::Problem::new("dropped", "x");
        let outcome = job::Outcome::Failed { error };
        let mut dropped = stored(State::Settled { outcome, at }, false);
        let verdict =
            |stored: &Stored, enqueued| decide(Some(stored), &hash, Sighting { enqueued, ..FRESH });
        assert_eq!(verdict(&dropped, Some(at + SKEW)), Verdict::Duplicate, "it was sent");
        dropped.record.may_begin_again = true;
        assert_eq!(verdict(&dropped, Some(at)), Verdict::BeginsAgain);
        assert_eq!(verdict(&dropped, None), Verdict::BeginsAgain, "no time told");
        let left_over = Timestamp::from_millis(at.as_millis() - 3_600_000);
        assert_eq!(verdict(&dropped, Some(left_over)), Verdict::Duplicate);
        let other = job::Request::default().hash();
        assert_eq!(decide(Some(&dropped), &other, FRESH), Verdict::Conflict);
    }

    #[test]
    fn another_request_under_the_same_id_is_a_conflict_in_every_state() {
        let other = job::Request::default().hash();
        for state in [State::Queued { why: None }, submitting()] {
            assert_eq!(decide(Some(&stored(state, true)), &other, FRESH), Verdict::Conflict);
        }
    }

    #[test]
    fn nothing_was_before_the_first_generation() {
        assert!(!is_before(Timestamp::EPOCH, Timestamp::EPOCH, SKEW));
        let began = Timestamp::from_millis(1_700_000_000_000);
        assert!(is_before(began, began, SKEW), "clocks differ");
        assert!(!is_before(began + SKEW, began, SKEW));
    }

    #[test]
    fn a_producers_clock_is_no_evidence_near_the_beginning_of_a_generation() {
        let began_at = Timestamp::from_millis(1_700_000_000_000);
        let told = |enqueued| {
            let sighting = Sighting { reached: Reached::Provider, began_at, enqueued, ..FRESH };
            decide(None, &job().request.hash(), sighting)
        };
        assert_eq!(told(None), Verdict::RecordLost, "no time, or none that can be");
        assert_eq!(told(Some(began_at + Duration::from_secs(60))), Verdict::RecordLost, "ahead");
        assert_eq!(told(Some(began_at + MINUTES)), Verdict::New, "surely published since");
    }

    #[test]
    fn an_intent_that_was_put_back_unsent_is_no_doubt() {
        let hash = job().request.hash();
        let intent = || State::Submitting {
            owner: "o".into(),
            intent: "i-1".into(),
            post_deadline: Timestamp::EPOCH,
        };
        let back = |unsent| {
            let sighting = Sighting { unsent, reached: Reached::Ledger, ..FRESH };
            decide(Some(&stored(intent(), false)), &hash, sighting)
        };
        assert_eq!(back(Some("i-1")), Verdict::Unsent);
        assert_eq!(back(Some("i-0")), Verdict::Orphaned, "another try's");
        assert_eq!(back(None), Verdict::Orphaned);
    }

    #[test]
    fn a_second_message_that_may_have_been_sent_stands_beside_a_doubt() {
        let hash = job().request.hash();
        let began_at = Timestamp::from_millis(1_700_000_000_000);
        let (ours, other) = (Life::begun(began_at), Life::begun(Timestamp::EPOCH));
        let doubt = job::Doubt::begun(began_at, String::new(), began_at);
        let mut found = stored(State::InDoubt { doubt }, false);
        (found.record.life, found.record.created_at) = (ours.clone(), began_at);
        let seen = |life, reached| {
            let sighting = Sighting { life: Some(life), reached, began_at, ..FRESH };
            decide(Some(&found), &hash, sighting)
        };
        assert_eq!(seen(&other, Reached::Provider), Verdict::SentBeside);
        assert_eq!(seen(&ours, Reached::Provider), Verdict::Duplicate);
        assert_eq!(seen(&other, Reached::Nothing), Verdict::Duplicate);
    }
}
