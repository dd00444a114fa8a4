use super::fixture::job;
use super::*;

#[test]
fn what_was_parked_is_cancelled_only_if_nothing_was_sent() {
    let rules = Rules::default();
    let parked = |doubt| State::Parked { why: "x".to_owned(), doubt, at: Timestamp::EPOCH };
    let doubt = Doubt::begun(Timestamp::EPOCH, "lost".to_owned(), Timestamp::EPOCH);
    let cancel = |record| transition(record, Fact::CancelRequested, at(1), &rules);
    let unsent = record(parked(None));
    assert_eq!(cancel(unsent.clone()).unwrap().effects, [Effect::Announce(EventKind::Cancelled)]);
    assert!(cancel(record(parked(Some(doubt)))).is_err(), "its task may run and be billed");
    let accepted = Record { task_id: Some("7".to_owned()), ..unsent.clone() };
    assert!(cancel(accepted).is_err(), "it was billed");
    assert!(cancel(Record { sent_before: true, ..unsent }).is_err());
}

#[test]
fn a_cancellation_of_what_may_have_been_sent_waits_for_its_message() {
    let rules = Rules::default();
    let restored = Record { restored: true, ..record(State::Queued { why: None }) };
    let asked = step(restored, Fact::CancelRequested, 1, &rules);
    assert!(asked.effects.is_empty() && asked.record.state == State::Queued { why: None });
    assert!(asked.record.cancel_requested && asked.record.restored);
    let twice = step(asked.record.clone(), Fact::CancelRequested, 2, &rules);
    assert!(matches!(twice.record.state, State::Queued { .. }), "asking again tells nothing new");
    let unsent = Record { restored: false, ..asked.record.clone() };
    let cancelled = step(unsent, Fact::CancelRequested, 3, &rules);
    assert_eq!(cancelled.effects, [Effect::Announce(EventKind::Cancelled)]);
    let found = Fact::Accepted { task_id: "7".into(), status: "submitted".into() };
    assert!(matches!(step(asked.record, found, 4, &rules).record.state, State::Pending { .. }));
}

#[test]
fn a_dropped_job_may_begin_again_only_if_nothing_of_it_was_sent() {
    let rules = Rules::default();
    let parked = |doubt| State::Parked { why: "x".into(), doubt, at: Timestamp::EPOCH };
    let dropped = step(record(parked(None)), Fact::Dropped, 1, &rules);
    assert_eq!(dropped.effects, [Effect::Announce(EventKind::Failed)]);
    assert!(dropped.record.may_begin_again);
    let again = step(dropped.record, Fact::Again { why: "published again".into() }, 2, &rules);
    assert_eq!((again.record.round, again.record.may_begin_again), (2, false));
    let sent = Record { sent_before: true, ..record(parked(None)) };
    for record in [record(parked(Some(doubt()))), sent] {
        let dropped = step(record, Fact::Dropped, 1, &rules).record;
        assert!(!dropped.may_begin_again);
        let State::Settled { outcome, .. } = &dropped.state else { panic!("{:?}", dropped.state) };
        let advice = outcome.error().and_then(|error| error.advice.clone()).unwrap();
        assert!(advice.contains("billed"), "{advice}");
    }
}

#[test]
fn a_round_knows_which_letter_began_it_and_the_next_one_does_not() {
    let rules = Rules::default();
    let parked = record(State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH });
    let round = step(parked, Fact::Replayed { letter: "l".into() }, 1, &rules).record;
    assert_eq!((round.round, round.replayed.as_deref()), (2, Some("l")));
    let ended =
        Record { state: State::Settled { outcome: failed(), at: Timestamp::EPOCH }, ..round };
    let next = step(ended, Fact::Again { why: "x".into() }, 2, &rules).record;
    assert_eq!((next.round, next.replayed), (3, None));
}

#[test]
fn an_edited_round_has_the_other_request_and_publishes_its_own_message() {
    let rules = Rules::default();
    let request = job().request.with("model_name", "kling-v2").with("prompt", "another");
    let edited = || Fact::Edited { letter: "l".into(), request: request.clone(), slots: 3 };
    let parked = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
    let rejected = Outcome::Rejected { error: Problem::new("invalid", "x") };
    let settled = State::Settled { outcome: rejected, at: Timestamp::EPOCH };
    for state in [parked, settled] {
        let before = record(state);
        let next = step(before.clone(), edited(), 1, &rules);
        let round = next.record;
        assert_eq!(next.effects, [Effect::Requeue { after: None }]);
        assert_eq!((round.round, round.replayed.as_deref(), round.slots), (2, Some("l"), 3));
        assert_eq!((round.model.as_deref(), round.acknowledged), (Some("kling-v2"), true));
        assert!(round.is_of(&request.hash()) && !before.is_of(&request.hash()));
        assert_ne!(round.external_id, before.external_id);
        assert_eq!(round.to_job().map(|job| job.request), Some(request.clone()));
    }
    let late = Record {
        deadline: Some(Timestamp::from_millis(1)),
        ..record(State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH })
    };
    assert_eq!(step(late, edited(), 2, &rules).record.deadline, None, "it would end at once");
    let sent = Record {
        sent_before: true,
        ..record(State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH })
    };
    assert!(transition(sent, edited(), at(1), &rules).is_err(), "it may have been paid for");
}

fn settled(outcome: Outcome) -> State {
    State::Settled { outcome, at: Timestamp::EPOCH }
}

#[test]
fn a_retried_job_begins_a_round_with_its_own_request() {
    let rules = Rules::default();
    let error = || Problem::new("moderation", "x");
    for outcome in [
        Outcome::Failed { error: error() },
        Outcome::Rejected { error: error() },
        Outcome::TimedOut { error: error() },
    ] {
        let mut before =
            Record { submitted_at: Some(Timestamp::EPOCH), ..record(settled(outcome)) };
        before.request = Kept::Here(job().request);
        (before.task_id, before.deadline) = (Some("7".into()), Some(Timestamp::from_millis(1)));
        let next = step(before.clone(), Fact::Retried { round: 1 }, 2, &rules);
        let round = next.record;
        assert_eq!(next.effects, [Effect::Requeue { after: None }]);
        assert_eq!((round.round, round.acknowledged, round.deadline), (2, true, None));
        assert_eq!((round.task_id.as_ref(), round.submitted_at), (None, None));
        assert_ne!(round.external_id, before.external_id);
        assert!(round.other_tasks.contains(&"7".to_owned()), "it was paid for");
        assert_eq!(round.to_job().map(|job| job.request), Some(job().request));
        let later = Record { deadline: Some(Timestamp::from_millis(3)), ..before.clone() };
        assert!(step(later, Fact::Retried { round: 1 }, 2, &rules).record.deadline.is_some());
        let forgotten = Record { request: Kept::Nothing, ..before };
        assert!(transition(forgotten, Fact::Retried { round: 1 }, at(2), &rules).is_err());
    }
    for outcome in [succeeded(), Outcome::Cancelled] {
        let mut record = record(settled(outcome));
        record.request = Kept::Here(job().request);
        assert!(transition(record, Fact::Retried { round: 1 }, at(1), &rules).is_err());
    }
}

/// Its producer's message, or a dead letter, is the message of the round.
#[test]
fn another_round_of_a_job_that_has_ended_publishes_no_message_of_its_own() {
    let rules = Rules::default();
    let mut ended = record(settled(failed()));
    ended.request = Kept::Here(job().request);
    for fact in [Fact::Again { why: "x".into() }, Fact::Replayed { letter: "l".into() }] {
        let next = step(ended.clone(), fact, 1, &rules);
        assert_eq!((next.effects.as_slice(), next.record.request), (&[][..], Kept::Nothing));
    }
}
