//! What to do with a job that was granted its slots in the waiting room.

use std::time::Duration;

use crate::{Fact, Readiness, Record, RetryDelay, State, Timestamp, readiness};

/// After so long, workers of another account may take a job.
const UNSERVED: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug, PartialEq)]
pub enum GrantUse {
    Submit,
    /// It is not submitted: this fact is applied to its record.
    Conclude(Fact),
    /// The job is submitted, so the slots are in use: the grant is confirmed.
    Held,
    /// The job does not wait any more, and nothing uses the slots.
    Unused,
    /// It waits as of a later revision, for which another worker may be granted slots.
    Outdated,
}

/// A waiting job, as it was granted slots.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub round: u32,
    pub revision: u64,
}

/// `record`: the job's; `account`: the worker's.
pub fn grant_use(record: &Record, grant: Grant, account: &str, now: Timestamp) -> GrantUse {
    let round = grant.round;
    if record.round != round {
        return GrantUse::Unused;
    }
    let waits = matches!(record.state, State::Waiting { .. });
    match (waits, record.revision == grant.revision) {
        (true, true) => of_waiting(record, account, now),
        (true, false) => GrantUse::Outdated,
        (false, _) if record.may_be_with(account) && record.holds_permit(round) => GrantUse::Held,
        (false, _) => GrantUse::Unused,
    }
}

/// What follows if it is not known whether this intent was written, and nothing was sent under it.
/// `None`: the job is another process's.
pub fn unsent_intent(record: &Record, intent: &str, why: String) -> Option<Fact> {
    let is_written =
        matches!(&record.state, State::Submitting { intent: there, .. } if there == intent);
    let waits = matches!(record.state, State::Waiting { .. });
    match (is_written, waits) {
        (true, _) => Some(Fact::PutOff { why }),
        (false, true) => Some(Fact::NoSlot { why }),
        (false, false) => None,
    }
}

fn of_waiting(record: &Record, account: &str, now: Timestamp) -> GrantUse {
    if record.cancel_requested && !record.sent_before {
        return GrantUse::Conclude(Fact::CancelRequested);
    }
    match readiness(record, account, now) {
        Readiness::TooLate => GrantUse::Conclude(Fact::DeadlinePassed),
        Readiness::Ready if record.account == account => GrantUse::Submit,
        Readiness::Ready | Readiness::OtherAccount => GrantUse::Conclude(of_other_account(record)),
    }
}

fn of_other_account(record: &Record) -> Fact {
    let why = format!("it waits for a slot of account {}", record.account);
    Fact::Deferred { why, after: RetryDelay::ThirtySeconds }
}

/// What a poller of this account finds about a record that waits for a slot. Jobs of an account that
/// no worker serves any more return to the broker, where a worker takes or refuses them.
pub fn waiting_look(record: &Record, account: &str, now: Timestamp) -> Fact {
    let is_stuck = record.account != account && now.since(record.last_change()) >= UNSERVED;
    if record.is_too_late(now) {
        Fact::DeadlinePassed
    } else if record.cancel_requested && !record.sent_before {
        Fact::CancelRequested
    } else if is_stuck && !record.sent_before {
        of_other_account(record)
    } else {
        Fact::StillWaits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageFacts, decode};

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record { state, ..Record::new(&job, "default", "reelwork", Timestamp::EPOCH) }
    }

    fn waiting() -> Record {
        record(State::Waiting { why: "full".into(), since: NOW, next_look: NOW })
    }

    fn used(record: &Record) -> GrantUse {
        grant_use(record, Grant { round: 1, revision: 0 }, "default", NOW)
    }

    #[test]
    fn only_a_job_that_waits_and_is_wanted_in_time_is_submitted() {
        assert_eq!(used(&waiting()), GrantUse::Submit);
        let late = Record { deadline: Some(NOW), ..waiting() };
        assert_eq!(used(&late), GrantUse::Conclude(Fact::DeadlinePassed));
        let cancelled = Record { cancel_requested: true, ..waiting() };
        assert_eq!(used(&cancelled), GrantUse::Conclude(Fact::CancelRequested));
        for (sent_before, bound) in [(false, false), (true, false), (false, true)] {
            let elsewhere = Record { account: "b".into(), sent_before, bound, ..waiting() };
            assert!(matches!(used(&elsewhere), GrantUse::Conclude(Fact::Deferred { .. })));
        }
        assert_eq!(used(&Record { revision: 1, ..waiting() }), GrantUse::Outdated);
    }

    #[test]
    fn a_slot_in_use_is_kept_and_any_other_is_given_back() {
        let pending = || record(State::Pending { status: String::new(), looks: 0, next_look: NOW });
        assert_eq!(used(&pending()), GrantUse::Held);
        assert_eq!(used(&Record { round: 2, ..pending() }), GrantUse::Unused, "another round");
        assert_eq!(used(&record(State::Queued { why: None })), GrantUse::Unused);
    }

    #[test]
    fn an_intent_that_was_not_sent_is_taken_back_whether_it_was_written_or_not() {
        let of = |state, intent: &str| unsent_intent(&record(state), intent, "silence".to_owned());
        let submitting = || State::Submitting {
            owner: "o".to_owned(),
            intent: "mine".to_owned(),
            post_deadline: NOW,
        };
        let why = || "silence".to_owned();
        assert_eq!(of(submitting(), "mine"), Some(Fact::PutOff { why: why() }));
        assert_eq!(of(submitting(), "another"), None, "that POST may be under way");
        assert_eq!(of(waiting().state, "mine"), Some(Fact::NoSlot { why: why() }));
        assert_eq!(of(State::Queued { why: None }, "mine"), None);
    }

    #[test]
    fn a_look_ends_what_need_not_wait_and_frees_what_nobody_serves() {
        let look = |record: &Record, now| waiting_look(record, "default", now);
        assert_eq!(look(&waiting(), NOW), Fact::StillWaits);
        let late = Record { deadline: Some(NOW), ..waiting() };
        assert_eq!(look(&late, NOW), Fact::DeadlinePassed);
        let cancelled = Record { cancel_requested: true, ..waiting() };
        assert_eq!(look(&cancelled, NOW), Fact::CancelRequested);
        let elsewhere = Record { account: "b".into(), ..waiting() };
        assert_eq!(look(&elsewhere, NOW), Fact::StillWaits, "its workers may be back soon");
        assert!(matches!(look(&elsewhere, NOW + UNSERVED), Fact::Deferred { .. }));
        let bound = Record { bound: true, ..elsewhere.clone() };
        let returns = matches!(look(&bound, NOW + UNSERVED), Fact::Deferred { .. });
        assert!(returns, "a worker refuses what asks for an account that is gone");
        let sent = Record { sent_before: true, ..elsewhere };
        assert_eq!(look(&sent, NOW + UNSERVED), Fact::StillWaits, "only that account can find it");
    }
}
