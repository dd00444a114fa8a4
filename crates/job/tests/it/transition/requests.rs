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
    assert!(last.record.request.is_nothing());
    let denied = apart(State::InDoubt { doubt: doubt() });
    let resubmit = step(denied, Fact::Resubmit { why: "x".into() }, 1, &Rules::default());
    assert!(resubmit.effects.contains(&Effect::Requeue { after: None }));
}

#[test]
fn a_request_is_kept_only_while_it_may_be_sent_again() {
    let rules = Rules::default();
    let accepted = || Fact::Accepted { task_id: "7".into(), status: "submitted".into() };
    let submitting = record(submitting());
    assert_eq!(step(submitting.clone(), accepted(), 1, &rules).record.request, Kept::Nothing);
    let retrying = Record { retries: 1, ..submitting };
    assert!(step(retrying, accepted(), 1, &rules).record.request.here().is_some());
}
