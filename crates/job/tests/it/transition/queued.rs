use super::*;

#[test]
fn a_deadline_that_passes_after_a_send_is_no_answer() {
    let trusting = Rules { denials_trusted: true, ..Rules::default() };
    let resubmitting = Rules { on_doubt: OnDoubt::Resubmit, ..Rules::default() };
    let deadline = Some(Timestamp::from_millis(50_000));
    let waiting = Record { sent_before: true, deadline, ..record(State::Queued { why: None }) };
    let looked = step(waiting, Fact::DeadlinePassed, 100_000, &trusting);
    assert!(matches!(looked.record.state, State::InDoubt { .. }));
    assert_eq!(looked.effects, [], "the slot is kept while it is looked for");
    let settles = Timestamp::from_millis(100_000) + trusting.settling;
    let once = step(looked.record.clone(), Fact::Denied, settles.as_millis(), &trusting).record;
    let denied = step(once, Fact::Denied, settles.as_millis(), &trusting);
    assert_eq!(denied.record.state.word(), "timed_out");
    assert!(denied.effects.contains(&Effect::ReleasePermit { round: 1, unspent: true }));
    let fact = Fact::GivenUp { why: "no look-up".into() };
    let unknown = step(looked.record, fact, settles.as_millis(), &resubmitting);
    assert!(matches!(unknown.record.state, State::Parked { doubt: Some(_), .. }));
}

#[test]
fn an_outage_uses_up_no_attempts() {
    let rules = Rules { max_attempts: 2, ..Rules::default() };
    let take = |waiting: Record, millis| {
        let fact = Fact::Taken {
            owner: "o".into(),
            intent: String::new(),
            post_deadline: Timestamp::from_millis(60_000),
        };
        step(waiting, fact, millis, &rules).record
    };
    let mut waiting = record(State::Queued { why: None });
    waiting.attempt = 0;
    for n in 0..100 {
        let not_sent = step(take(waiting, n), Fact::NotSent { why: "refused".into() }, n, &rules);
        assert!(matches!(not_sent.record.state, State::Queued { .. }), "{:?}", not_sent.record);
        let passed = Passed::default();
        let refused = Fact::PathRefused { why: "HTTP 403".into(), passed };
        let refused = step(take(not_sent.record, n), refused, n, &rules);
        assert_eq!(refused.effects, [Effect::ReleasePermit { round: 1, unspent: true }]);
        waiting = refused.record;
        assert_eq!(waiting.attempt, 0);
    }
}

#[test]
fn a_job_that_may_have_been_sent_is_looked_for_when_the_path_refuses_it_alone() {
    let mut submitting = record(states()[2].clone());
    submitting.sent_before = true;
    let early = Timestamp::from_millis(1);
    submitting.path_refusals =
        Some(PathRefusals { last: early, against_lane: 2, against_model: 2 });
    let at = Some(Timestamp::from_millis(2));
    let passed = Passed { lane_at: at, model_at: at };
    let refused = Fact::PathRefused { why: "HTTP 403".into(), passed };
    let doubt = step(submitting.clone(), refused.clone(), 3, &Rules::default());
    assert!(matches!(doubt.record.state, State::InDoubt { .. }) && doubt.effects.is_empty());
    submitting.sent_before = false;
    let rejected = step(submitting, refused, 3, &Rules::default());
    assert_eq!(rejected.record.state.word(), "rejected");
}

#[test]
fn a_wanted_retry_is_a_new_round_with_a_new_external_id_and_announces_nothing_yet() {
    let rules = Rules::default();
    let mut pending = record(states().remove(4));
    pending.retries = 1;
    pending.task_id = Some("7".into());
    let again = step(pending.clone(), Fact::Ended { outcome: failed() }, 5, &rules);
    assert_eq!(again.record.round, 2);
    assert_ne!(again.record.external_id, pending.external_id);
    assert_eq!(
        again.effects,
        [Effect::ReleasePermit { round: 1, unspent: false }, Effect::Requeue { after: None }]
    );
    let mut last = again.record;
    last.state = states().remove(4);
    let end = step(last, Fact::Ended { outcome: failed() }, 6, &rules);
    assert!(end.effects.contains(&Effect::Announce(EventKind::Failed)));
}

#[test]
fn what_expired_after_it_was_sent_ends_once_its_task_is_denied() {
    let rules = Rules { denials_trusted: true, denials_needed: 1, ..Rules::default() };
    let sent = Record { sent_before: true, ..record(State::Queued { why: None }) };
    let doubtful =
        step(sent, Fact::Expired { why: "expired".into(), may_be_sent: false }, 1, &rules).record;
    assert!(matches!(doubtful.state, State::InDoubt { .. }));
    let denied = step(doubtful, Fact::Denied, millis(60), &rules).record;
    assert_eq!(denied.state.word(), "timed_out", "not sent into the same lane again");
}
