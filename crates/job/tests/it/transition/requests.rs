use super::fixture::job;
use super::*;

/// A request that was left apart is kept, and requeued like one that was loaded.
#[test]
fn a_request_left_apart_counts_as_one() {
    let apart = |state| Record { request: Kept::Apart, retries: 1, ..record(state) };
    let pending = || apart(pending().state);
    let seen = Fact::Seen { status: "processing".into() };
    assert!(step(pending(), seen, 1, &Rules::default()).record.request.is_apart());
    let failed = || Fact::Ended { outcome: Outcome::Failed { error: Problem::new("x", "x") } };
    let again = step(pending(), failed(), 1, &Rules::default());
    assert!(
        again.effects.contains(&Effect::Requeue { after: None }) && again.record.request.is_apart()
    );
    let last = step(Record { retries: 0, ..pending() }, failed(), 1, &Rules::default());
    assert!(last.record.request.is_apart(), "an operator may have it retried");
    let denied = apart(State::InDoubt { doubt: doubt() });
    let resubmit = step(denied, Fact::Resubmit { why: "x".into() }, 1, &Rules::default());
    assert!(resubmit.effects.contains(&Effect::Requeue { after: None }));
}

#[test]
fn the_request_of_a_task_is_kept_until_it_is_known_not_to_be_needed() {
    let rules = Rules::default();
    let accepted = || Fact::Accepted { task_id: "7".into(), status: "submitted".into() };
    let of = |request| Record { request, ..record(submitting()) };
    let small = Kept::Here(job().request);
    let large = Kept::Here(job().request.with("image", "A".repeat(20_000)));
    let begun = step(of(small.clone()), accepted(), 1, &rules).record;
    assert_eq!(begun.request, small);
    assert_eq!(step(of(large.clone()), accepted(), 1, &rules).record.request, Kept::Nothing);
    let retries = Record { retries: 1, ..of(large.clone()) };
    assert_eq!(step(retries, accepted(), 1, &rules).record.request, large, "it may be sent again");
    let apart = Record { request: Kept::Apart, ..begun };
    let ended = |outcome| step(apart.clone(), Fact::Ended { outcome }, 2, &rules).record.request;
    assert_eq!(ended(failed()), Kept::Apart, "it is small");
    assert_eq!(ended(succeeded()), Kept::Nothing);
    let refused = Fact::Refused { error: Problem::new("policy", "x") };
    assert_eq!(step(of(small.clone()), refused.clone(), 1, &rules).record.request, small);
    assert_eq!(step(of(large), refused, 1, &rules).record.request, Kept::Nothing);
}

/// It was accepted, and denied so often that it is in doubt.
#[test]
fn a_round_that_was_accepted_is_not_sent_again() {
    let rules = Rules::default();
    for state in [
        State::InDoubt { doubt: doubt() },
        State::Parked { why: "x".into(), doubt: Some(doubt()), at: Timestamp::EPOCH },
    ] {
        let mut record = record(state);
        record.request = Kept::Here(job().request);
        let again = |record| step(record, Fact::Resubmit { why: "x".into() }, 1, &rules);
        assert_eq!(again(record.clone()).effects, [Effect::Requeue { after: None }]);
        record.task_id = Some("7".into());
        let stays = again(record);
        assert!(matches!(stays.record.state, State::Parked { doubt: Some(_), .. }));
        assert!(!stays.effects.contains(&Effect::Requeue { after: None }));
    }
}
