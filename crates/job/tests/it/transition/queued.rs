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
        assert!(matches!(not_sent.record.state, State::Waiting { .. }), "{:?}", not_sent.record);
        let passed = Passed::default();
        let refused = Fact::PathRefused { why: "HTTP 403".into(), passed };
        let refused = step(take(not_sent.record, n), refused, n, &rules);
        let release = Effect::ReleasePermit { round: 1, unspent: true };
        let [first, Effect::Requeue { after: Some(_) }] = refused.effects[..] else {
            panic!("its message is acknowledged: {:?}", refused.effects)
        };
        assert_eq!(first, release);
        waiting = refused.record;
        assert_eq!(waiting.attempt, 0);
    }
}

#[test]
fn a_job_that_may_have_been_sent_is_looked_for_when_the_path_refuses_it_alone() {
    let mut submitting = record(submitting());
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
    let mut pending = record(running());
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
    last.state = running();
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

#[test]
fn a_job_whose_message_is_acknowledged_is_published_when_it_is_queued() {
    let rules = Rules::default();
    let requeued = |step: &Step| step.effects.iter().any(|e| matches!(e, Effect::Requeue { .. }));
    let no_slot = Fact::NoSlot { why: "x".into() };
    let waiting = step(record(State::Queued { why: None }), no_slot, 1, &rules).record;
    assert!(waiting.acknowledged);
    let taken = Fact::Taken {
        owner: "o".into(),
        intent: String::new(),
        post_deadline: Timestamp::from_millis(9),
    };
    let sent = Record { sent_before: true, ..step(waiting, taken, 2, &rules).record };
    let path = || Fact::PathRefused { why: "x".into(), passed: Passed::default() };
    for fact in [Fact::PutOff { why: "x".into() }, Fact::NotSent { why: "x".into() }, path()] {
        let queued = step(sent.clone(), fact.clone(), 3, &rules);
        assert!(matches!(queued.record.state, State::Queued { .. }), "it keeps its slot: {fact:?}");
        assert!(requeued(&queued) && queued.record.acknowledged, "{fact:?}");
        let in_hand = Record { acknowledged: false, ..sent.clone() };
        assert!(!requeued(&step(in_hand, fact, 3, &rules)), "its delivery returns");
    }
}

#[test]
fn a_restored_job_that_waits_is_cancelled_when_it_is_known_that_nothing_was_sent() {
    let rules = Rules::default();
    let (since, next_look) = (Timestamp::EPOCH, Timestamp::EPOCH);
    let state = State::Waiting { why: "x".into(), since, next_look };
    let waiting = Record { restored: true, ..record(state) };
    let asked = step(waiting, Fact::CancelRequested, 1, &rules).record;
    assert!(asked.cancel_requested && asked.restored, "a line of the journal may be missing");
    let granted_in_vain = step(asked, Fact::NoSlot { why: "x".into() }, 2, &rules).record;
    assert!(granted_in_vain.restored);
    let known = Record { restored: false, ..granted_in_vain };
    let cancelled = step(known, Fact::CancelRequested, 3, &rules);
    assert_eq!(cancelled.record.state.word(), "cancelled");
}

#[test]
fn a_job_that_is_put_off_lets_others_of_its_tenant_go_first() {
    let rules = Rules::default();
    let no_slot = || Fact::NoSlot { why: "x".into() };
    let waiting = step(record(State::Queued { why: None }), no_slot(), 5, &rules).record;
    assert_eq!(waiting.waits_since(), waiting.created_at, "its message may have come long before");
    let again = step(waiting, no_slot(), 6, &rules).record;
    assert_eq!(again.waits_since(), again.created_at, "it was not tried");
    let taken = Fact::Taken {
        owner: "o".into(),
        intent: String::new(),
        post_deadline: Timestamp::from_millis(9),
    };
    let tried = step(again, taken, 7, &rules).record;
    let put_off = step(tried, Fact::PutOff { why: "x".into() }, 8, &rules).record;
    assert_eq!(put_off.waits_since(), Timestamp::from_millis(8));
    let once_more = step(put_off, no_slot(), 9, &rules).record;
    assert_eq!(once_more.waits_since(), Timestamp::from_millis(8));
}

#[test]
fn a_job_waits_in_the_order_of_publishing() {
    let rules = Rules::default();
    let since = |enqueued_at: Option<i64>| {
        let record = Record {
            enqueued_at: enqueued_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(4),
            ..record(State::Queued { why: None })
        };
        step(record, Fact::NoSlot { why: "x".into() }, 9, &rules).record.waits_since().as_millis()
    };
    assert_eq!(since(Some(2)), 2, "it may have been in the hand of a slow worker");
    assert_eq!(since(None), 4, "its message did not tell");
    assert_eq!(since(Some(6)), 4, "by a clock that is ahead of the worker's");
}

#[test]
fn a_waiting_job_moves_to_another_account_until_that_could_pay_twice() {
    let rules = Rules::default();
    let waiting = || {
        let at = Timestamp::from_millis(5);
        record(State::Waiting { why: "x".into(), since: at, next_look: at })
    };
    let moved = |record| transition(record, Fact::Moved { account: "b".into() }, at(9), &rules);
    let step = moved(waiting()).unwrap();
    assert_eq!((step.record.account.as_str(), &step.effects[..]), ("b", &[Effect::Wait][..]));
    let State::Waiting { since, .. } = step.record.state else { panic!("{:?}", step.record) };
    assert_eq!(since, Timestamp::from_millis(5), "its place is kept");
    let estimate = job::Estimate { reserved: true, ..job::Estimate::default() };
    for stays in [
        Record { bound: true, ..waiting() },
        Record { sent_before: true, ..waiting() },
        Record { task_id: Some("7".into()), ..waiting() },
        Record { round: 2, ..waiting() },
        Record { estimate: Some(estimate), ..waiting() },
        record(State::Queued { why: None }),
        record(submitting()),
    ] {
        assert!(moved(stays.clone()).is_err(), "{stays:?}");
    }
}
