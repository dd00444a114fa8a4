//! What the answer to a POST may still say about the record that is there by then.

use job::{Doubt, Fact, Record, State};

/// Pure. The ledger has lost its memory and holds an older state of the job than the one in which
/// we sent it: of an earlier round, put back from the journal and untouched since, or waiting as
/// it did before. A tombstone was made by somebody who did not know that there was a job.
pub(crate) fn is_from_before(present: &Record, intent: &Record) -> bool {
    if matches!(present.state, State::Tombstone) {
        return true;
    }
    let waits = matches!(present.state, State::Queued { .. });
    let untouched = (present.restored || waits) && present.revision < intent.revision;
    present.round < intent.round || untouched
}

/// What an answer that comes late may still say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// It is about the very try that the record is waiting for, or tells of a task that exists.
    Speaks,
    /// A task exists that this record cannot take: kept where people look.
    Strays(String),
    /// The record does not show that anything was sent, and it was.
    Doubts(String),
    /// Somebody else's try, or all said already.
    Silent,
}

/// Pure. `intent` is the record as it was when we sent; `present` as it is now.
pub(crate) fn voice(intent: &Record, present: &Record, fact: &Fact) -> Voice {
    let same_round = intent.round == present.round;
    let same_try = same_round && intent.attempt == present.attempt;
    match (fact, &present.state) {
        (Fact::Accepted { task_id, .. }, _) if present.task_id.as_ref() == Some(task_id) => {
            Voice::Silent
        }
        (
            Fact::Accepted { .. },
            State::Queued { .. } | State::Submitting { .. } | State::InDoubt { .. },
        ) if same_round => Voice::Speaks,
        (Fact::Accepted { .. }, State::Parked { doubt: Some(_), .. }) if same_round => {
            Voice::Speaks
        }
        (Fact::Accepted { task_id, .. }, _) => match strayed_already(present, task_id) {
            true => Voice::Silent,
            false => Voice::Strays(task_id.clone()),
        },
        // Without a loss of memory it would show: whoever sends it again must look first.
        (Fact::AnswerLost { cause } | Fact::Repeated { cause }, State::Queued { .. })
            if same_round && !present.sent_before =>
        {
            Voice::Doubts(cause.clone())
        }
        (_, State::Submitting { .. }) if same_try && intent.state == present.state => Voice::Speaks,
        // Whoever's doubt it is, a task exists.
        (Fact::Repeated { .. }, State::InDoubt { .. }) if same_round => Voice::Speaks,
        // Tries that did not count have the same number: the intent tells them apart.
        (_, State::InDoubt { doubt }) if same_try && is_of(doubt, intent) => Voice::Speaks,
        _ => Voice::Silent,
    }
}

fn is_of(doubt: &Doubt, sent: &Record) -> bool {
    match &sent.state {
        State::Submitting { intent, .. } => doubt.intent.as_ref() == Some(intent),
        _ => false,
    }
}

fn strayed_already(present: &Record, task_id: &str) -> bool {
    present.history.iter().any(|entry| entry.what.ends_with(&format!("as task {task_id}")))
}

#[cfg(test)]
mod tests {
    use job::{MessageFacts, Reached, Timestamp, decode};

    use super::*;
    use crate::ending::Ending;

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        (record.attempt, record.state) = (1, state);
        record
    }

    fn submitting(owner: &str) -> State {
        State::Submitting {
            owner: owner.into(),
            intent: String::new(),
            post_deadline: Timestamp::EPOCH,
        }
    }

    fn in_doubt() -> State {
        let doubt = Doubt {
            since: Timestamp::EPOCH,
            cause: String::new(),
            settles_at: Timestamp::EPOCH,
            denials: 0,
            looks: 0,
            next_look: Timestamp::EPOCH,
            evidence: Vec::new(),
            intent: Some(String::new()),
        };
        State::InDoubt { doubt }
    }

    fn put_off() -> Fact {
        Fact::PutOff { why: "busy".into() }
    }

    fn accepted() -> Fact {
        Fact::Accepted { task_id: "7".into(), status: "submitted".into() }
    }

    #[test]
    fn a_late_refusal_does_not_touch_another_workers_try() {
        let intent = record(submitting("ours"));
        assert_eq!(voice(&intent, &record(submitting("ours")), &put_off()), Voice::Speaks);
        assert_eq!(voice(&intent, &record(submitting("other")), &put_off()), Voice::Silent);
        let next_try = Record { attempt: 2, ..record(in_doubt()) };
        assert_eq!(voice(&intent, &record(in_doubt()), &put_off()), Voice::Speaks);
        assert_eq!(voice(&intent, &next_try, &put_off()), Voice::Silent);
    }

    /// A try that was put off is not counted, so that the next one has its number.
    #[test]
    fn a_late_refusal_does_not_end_the_doubt_of_another_try() {
        let intent = record(submitting("ours"));
        let doubt_of = |other: Option<&str>| {
            let State::InDoubt { doubt } = in_doubt() else { panic!("in doubt") };
            record(State::InDoubt { doubt: Doubt { intent: other.map(str::to_owned), ..doubt } })
        };
        for other in [Some("another"), None] {
            assert_eq!(voice(&intent, &doubt_of(other), &put_off()), Voice::Silent);
            let repeated = Fact::Repeated { cause: "1201".into() };
            assert_eq!(voice(&intent, &doubt_of(other), &repeated), Voice::Speaks);
        }
    }

    #[test]
    fn a_task_id_is_attached_where_it_can_be_and_kept_where_it_cannot() {
        let intent = record(submitting("ours"));
        let queued = record(State::Queued { why: None });
        assert_eq!(voice(&intent, &queued, &accepted()), Voice::Speaks);
        assert_eq!(voice(&intent, &record(submitting("other")), &accepted()), Voice::Speaks);
        let next_round = Record { round: 2, ..record(submitting("other")) };
        assert_eq!(voice(&intent, &next_round, &accepted()), Voice::Strays("7".into()));
        let pending =
            State::Pending { status: "submitted".into(), looks: 0, next_look: Timestamp::EPOCH };
        let known = Record { task_id: Some("7".into()), ..record(pending.clone()) };
        assert_eq!(voice(&intent, &known, &accepted()), Voice::Silent);
        let other = Record { task_id: Some("8".into()), ..record(pending) };
        assert_eq!(voice(&intent, &other, &accepted()), Voice::Strays("7".into()));
    }

    #[test]
    fn only_what_was_put_back_from_before_is_written_over() {
        let intent = Record { revision: 3, ..record(submitting("ours")) };
        let queued = |revision, restored| {
            let queued = record(State::Queued { why: None });
            Record { revision, restored, ..queued }
        };
        assert!(is_from_before(&queued(2, true), &intent));
        assert!(is_from_before(&queued(2, false), &intent), "set back");
        let next_round = Record { round: 2, ..intent.clone() };
        let looked_at_since = Record { revision: 9, ..record(in_doubt()) };
        assert!(is_from_before(&looked_at_since, &next_round), "rounds only rise");
        let touched = Record { revision: 2, ..record(submitting("other")) };
        assert!(!is_from_before(&touched, &intent), "somebody has touched it");
        assert!(!is_from_before(&queued(4, true), &intent), "it has moved on");
        let tombstone = Record::tombstone(intent.key.clone(), Timestamp::from_millis(9));
        assert!(is_from_before(&tombstone, &intent), "what was sent is never cancelled unseen");
    }

    #[test]
    fn an_answer_that_was_lost_is_a_doubt_also_where_nothing_shows_that_it_was_sent() {
        let lost = Fact::AnswerLost { cause: "reset".into() };
        let queued = record(State::Queued { why: None });
        let intent = record(submitting("ours"));
        assert_eq!(voice(&intent, &queued, &lost), Voice::Doubts("reset".into()));
        let known = Record { sent_before: true, ..queued };
        assert_eq!(voice(&intent, &known, &lost), Voice::Silent);
    }

    #[test]
    fn a_put_off_that_landed_unheard_still_sends_the_message_back() {
        let queued = record(State::Queued { why: Some("busy".into()) });
        assert!(matches!(Ending::of(&queued, 0.5), Ending::Later(_, Reached::Ledger)));
        assert_eq!(voice(&record(submitting("ours")), &queued, &put_off()), Voice::Silent);
    }
}
