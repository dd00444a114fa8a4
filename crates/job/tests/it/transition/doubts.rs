use super::*;

#[test]
fn a_denial_counts_only_after_the_settling_time_and_only_when_repeated() {
    let rules = Rules { denials_trusted: true, ..Rules::default() };
    let early = step(record(State::InDoubt { doubt: doubt() }), Fact::Denied, 89_999, &rules);
    let State::InDoubt { doubt } = &early.record.state else { panic!("{:?}", early.record) };
    assert_eq!(doubt.denials, 0);
    assert_eq!(doubt.next_look, doubt.settles_at, "the next look is one that can count");
    let once = step(early.record, Fact::Denied, 90_000, &rules);
    assert!(matches!(&once.record.state, State::InDoubt { doubt } if doubt.denials == 1));
    let twice = step(once.record, Fact::Denied, 95_000, &rules);
    assert!(matches!(twice.record.state, State::Queued { .. }));
    assert_eq!(twice.record.round, 1, "the same external id: where enforced, never paid twice");
    assert!(twice.effects.contains(&Effect::Requeue { after: None }));
}

#[test]
fn a_job_whose_answers_are_lost_again_and_again_is_sent_ever_more_rarely() {
    let rules = Rules { denials_trusted: true, denials_needed: 1, ..Rules::default() };
    let after = |attempt| {
        let record = Record { attempt, ..record(State::InDoubt { doubt: doubt() }) };
        step(record, Fact::Denied, 90_000, &rules).effects
    };
    let requeue = |after| Effect::Requeue { after };
    assert!(after(2).contains(&requeue(None)));
    assert!(after(3).contains(&requeue(Some(RetryDelay::TwoMinutes))));
    assert!(after(19).contains(&requeue(Some(RetryDelay::TenMinutes))));
    let deadline = Some(Timestamp::from_millis(90_000 + 600_000));
    let urgent = Record { attempt: 4, deadline, ..record(State::InDoubt { doubt: doubt() }) };
    assert!(step(urgent, Fact::Denied, 90_000, &rules).effects.contains(&requeue(None)));
    let resubmits = Rules { denials_trusted: false, on_doubt: OnDoubt::Resubmit, ..rules.clone() };
    let holds = Record { attempt: 4, ..record(State::InDoubt { doubt: doubt() }) };
    let effects = step(holds, Fact::Denied, 90_000, &resubmits).effects;
    assert_eq!(effects, [requeue(None)], "its slot is kept, so it comes at once");
}

#[test]
fn an_untrusted_denial_parks_and_keeps_the_permit() {
    let rules = Rules::default();
    let mut record = record(State::InDoubt { doubt: doubt() });
    for _ in 0..2 {
        record = step(record, Fact::Denied, 100_000, &rules).record;
    }
    assert!(matches!(record.state, State::Parked { doubt: Some(_), .. }));
}

#[test]
fn a_doubt_that_nobody_can_look_into_waits_for_the_late_answer_first() {
    let rules = Rules::default();
    let in_doubt = record(State::InDoubt { doubt: doubt() });
    let fact = || Fact::GivenUp { why: "no look-up".into() };
    let early = step(in_doubt, fact(), 10, &rules);
    assert!(
        matches!(&early.record.state, State::InDoubt { doubt } if doubt.next_look == doubt.settles_at)
    );
    let late = Fact::Accepted { task_id: "7".into(), status: "submitted".into() };
    assert!(matches!(
        step(early.record.clone(), late, 20, &rules).record.state,
        State::Pending { .. }
    ));
    let resubmit = Rules { on_doubt: OnDoubt::Resubmit, ..Rules::default() };
    assert!(matches!(
        step(early.record.clone(), fact(), 90_000, &resubmit).record.state,
        State::Queued { .. }
    ));
    assert!(matches!(
        step(early.record, fact(), 90_000, &rules).record.state,
        State::Parked { .. }
    ));
}

/// Policy and trust both allow another submission. Evidence of a task forbids it.
#[test]
fn a_task_that_surely_exists_is_never_submitted_again() {
    let eager = Rules { denials_trusted: true, on_doubt: OnDoubt::Resubmit, ..Rules::default() };
    let submitting = record(submitting());
    let repeated = Fact::Repeated { cause: "1201: it exists".into() };
    let unproven = Fact::Unproven { evidence: vec!["task 9 is not there".into()], answered: true };
    let repeated = step(submitting, repeated, 1, &eager).record;
    let unproven = step(in_doubt(), unproven, 1, &eager).record;
    let hours = 3_600_000;
    for told in [repeated, unproven] {
        let mut present = told;
        for n in 0..20 {
            let State::InDoubt { .. } = present.state else { break };
            present = step(present, Fact::Denied, 100_000 + n * hours, &eager).record;
        }
        let State::Parked { why, .. } = &present.state else { panic!("{:?}", present.state) };
        assert!(why.contains("it exists") || why.contains("task 9 is not there"), "{why}");
    }
}

#[test]
fn without_a_look_up_a_callback_is_waited_for_and_then_the_policy_holds() {
    let rules = Rules { pace: 0.1, ..Rules::default() };
    let until = 90_000 + 90_000;
    let unheard = || Fact::Unheard { why: "nothing came".into() };
    let mut present = in_doubt();
    let lines = present.history.len();
    for now in [10, 90_000, until - 1] {
        present = step(present, unheard(), now, &rules).record;
        let State::InDoubt { doubt } = &present.state else { panic!("{:?}", present.state) };
        assert!(doubt.next_look.as_millis() > now && doubt.next_look.as_millis() <= until);
    }
    assert_eq!(present.history.len(), lines, "waiting is not news");
    let parked = step(present.clone(), unheard(), until, &rules).record;
    assert!(matches!(parked.state, State::Parked { doubt: Some(_), .. }));
    let resubmit = Rules { on_doubt: OnDoubt::Resubmit, ..rules };
    let queued = step(present, unheard(), until, &resubmit).record;
    assert!(matches!(queued.state, State::Queued { .. }));
}

#[test]
fn a_proposal_without_an_answer_is_queried_for_longer() {
    let rules = Rules { pace: 0.001, ..Rules::default() };
    let unproven = |answered| Fact::Unproven { evidence: vec!["task 9".into()], answered };
    let waiting = step(in_doubt(), unproven(false), 1_000_000, &rules).record;
    assert!(matches!(waiting.state, State::InDoubt { .. }));
    let over = step(in_doubt(), unproven(true), 1_000_000, &rules).record;
    assert!(matches!(over.state, State::Parked { .. }));
    let given_up = step(waiting, unproven(false), 3_600_000, &rules).record;
    assert!(matches!(given_up.state, State::Parked { .. }));
}

#[test]
fn a_callback_after_the_parking_opens_the_doubt_again() {
    let parked = State::Parked { why: "x".into(), doubt: Some(doubt()), at: Timestamp::EPOCH };
    let proposed = Fact::Proposed { task_id: "9".into() };
    let open = step(record(parked), proposed, 5_000_000, &Rules::default()).record;
    let State::InDoubt { doubt } = &open.state else { panic!("{:?}", open.state) };
    assert_eq!(doubt.next_look, Timestamp::from_millis(5_000_000));
    assert_eq!(doubt.settles_at, doubt.next_look, "patience begins anew");
    assert_eq!(doubt.evidence, ["a callback named task 9"]);
}

#[test]
fn a_person_may_send_a_doubtful_job_again_under_the_same_external_id() {
    let parked = State::Parked { why: "x".into(), doubt: Some(doubt()), at: Timestamp::EPOCH };
    let mut parked = record(parked);
    parked.sent_before = true;
    let resubmit = || Fact::Resubmit { why: "asked for".into() };
    let again = step(parked.clone(), resubmit(), 1, &Rules::default());
    assert_eq!(again.effects, [Effect::Requeue { after: None }]);
    let same = |record: &Record| (record.round, record.external_id.clone(), record.sent_before);
    assert_eq!(same(&again.record), same(&parked));
    parked.request = Kept::Nothing;
    let stays = step(parked, resubmit(), 1, &Rules::default()).record;
    assert!(matches!(stays.state, State::Parked { .. }));
}
