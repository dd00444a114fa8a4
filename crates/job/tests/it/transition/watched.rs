use super::*;

#[test]
fn a_task_that_takes_too_long_is_overdue_once_and_followed_on() {
    let rules = Rules::default();
    let seen = || Fact::Seen { status: "processing".into() };
    let announced = |step: &Step| step.effects.contains(&Effect::Announce(EventKind::Overdue));
    let early = step(pending(), seen(), millis(2 * 3600) - 1, &rules);
    assert!(early.effects.is_empty());
    let late = step(early.record, seen(), millis(2 * 3600), &rules);
    assert!(announced(&late) && matches!(late.record.state, State::Pending { .. }));
    assert!(late.effects.contains(&Effect::ReleasePermit { round: 1, unspent: false }));
    assert!(!late.record.holds_permit(1));
    let on = step(late.record, seen(), millis(3 * 3600), &rules);
    assert!(on.effects.is_empty(), "said once");
    let end =
        step(on.record.clone(), Fact::Ended { outcome: succeeded() }, millis(4 * 3600), &rules);
    let source = EventSource::of_installation("reelwork");
    let event = CloudEvent::about(&end.record, EventKind::Succeeded, &source, Timestamp::EPOCH);
    assert!(event.data.late);
    for fact in [seen(), Fact::LookFailed { why: "down".into() }] {
        let over = step(on.record.clone(), fact, millis(24 * 3600), &rules);
        assert_eq!(over.record.state.word(), "timed_out");
    }
}

#[test]
fn a_success_that_cannot_be_read_is_never_paid_again() {
    let rules = Rules::default();
    let unread = || Fact::Unread { answer: "{\"status\":\"SUCCESS\"}".into() };
    let retrying = Record { retries: 2, ..pending() };
    let first = step(retrying, unread(), 1, &rules);
    assert!(matches!(first.record.state, State::Pending { .. }) && first.effects.is_empty());
    let late = step(first.record.clone(), Fact::Ended { outcome: succeeded() }, 2, &rules);
    assert_eq!(late.record.state.word(), "succeeded", "the file came with a later look");
    let last = step(first.record, unread(), 1 + millis(300), &rules);
    assert_eq!((last.record.round, last.record.state.word()), (1, "failed"));
    let State::Settled { outcome: Outcome::Failed { error }, .. } = last.record.state else {
        panic!("it is over")
    };
    assert_eq!((error.kind.as_str(), error.billed), ("no_output", Some(true)));
    assert!(error.answer.unwrap().contains("SUCCESS"));
}

#[test]
fn a_task_that_is_denied_for_minutes_is_in_doubt_without_a_slot() {
    let rules = Rules::default();
    let denied = || Fact::LookDenied { why: "no such task".into() };
    let mut record = pending();
    for look in 0..4 {
        record = step(record, denied(), 1 + look, &rules).record;
    }
    let fifth = step(record.clone(), denied(), 9, &rules);
    assert!(matches!(fifth.record.state, State::Pending { .. }), "not for minutes yet");
    let back = step(record.clone(), Fact::Seen { status: "processing".into() }, 10, &rules);
    assert_eq!(back.record.watch, Watch::default(), "it was there all along");
    let gone = step(record.clone(), denied(), 1 + millis(300), &rules);
    let State::InDoubt { doubt } = &gone.record.state else { panic!("{:?}", gone.record.state) };
    assert!(doubt.evidence[0].contains("task 7"));
    assert_eq!(gone.effects, [Effect::ReleasePermit { round: 1, unspent: false }]);
    assert!(!gone.record.holds_permit(1));
    let trusting = Rules { denials_trusted: true, on_doubt: OnDoubt::Resubmit, ..rules.clone() };
    let mut doubtful = gone.record;
    for look in 0..9 {
        doubtful = step(doubtful, Fact::Denied, millis(7000 + look), &trusting).record;
        assert!(!matches!(doubtful.state, State::Queued { .. }), "it was paid for");
        if matches!(doubtful.state, State::Parked { .. }) {
            break;
        }
    }
    let fail = Fact::Abandoned { error: Problem::new("operator", "gone") };
    assert_eq!(step(record, fail.clone(), 20, &rules).record.state.word(), "failed");
    assert!(transition(pending(), fail, at(1), &rules).is_err(), "nothing is wrong with it");
}

#[test]
fn a_record_of_an_earlier_version_that_waits_for_its_file_is_read() {
    let status = "succeeded_without_output_2".to_owned();
    let old = State::Pending { status, looks: 9, next_look: Timestamp::EPOCH };
    let old = Record { state: old, ..pending() };
    let after = step(old, Fact::Unread { answer: String::new() }, 1, &Rules::default());
    assert!(matches!(after.record.state, State::Pending { .. }));
}
