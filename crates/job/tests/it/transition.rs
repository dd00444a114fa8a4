//! The record machine: every pair of state and fact, and what must hold along any way.

#![allow(clippy::disallowed_methods, reason = "records are made up for the tests")]

use std::time::Duration;

use job::{
    CloudEvent, Doubt, Effect, EventKind, EventSource, ExternalId, Fact, Job, Kept, MessageFacts,
    Moment, OnDoubt, Outcome, Passed, PathRefusals, Problem, Record, Rules, Rung, State, Step,
    Timestamp, Watch, decode, transition,
};
use proptest::prelude::*;

fn job() -> Job {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    decode(body, MessageFacts::default()).unwrap()
}

fn record(state: State) -> Record {
    let mut record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
    record.attempt = 1;
    record.state = state;
    record
}

fn doubt() -> Doubt {
    Doubt {
        since: Timestamp::EPOCH,
        cause: "reset".into(),
        settles_at: Timestamp::from_millis(90_000),
        denials: 0,
        looks: 0,
        next_look: Timestamp::EPOCH,
        evidence: Vec::new(),
        intent: None,
    }
}

fn failed() -> Outcome {
    Outcome::Failed { error: Problem::new("generation", "x") }
}

fn succeeded() -> Outcome {
    Outcome::succeeded(Vec::new())
}

fn states() -> Vec<State> {
    let at = Timestamp::EPOCH;
    vec![
        State::Tombstone,
        State::Queued { why: None },
        State::Submitting {
            owner: "o".into(),
            intent: String::new(),
            post_deadline: Timestamp::from_millis(60_000),
        },
        State::InDoubt { doubt: doubt() },
        State::Pending { status: "processing".into(), looks: 0, next_look: at },
        State::Settled { outcome: succeeded(), at },
        State::Parked { why: "x".into(), doubt: None, at },
        State::Parked { why: "x".into(), doubt: Some(doubt()), at },
    ]
}

fn facts() -> Vec<Fact> {
    let why = || "x".to_owned();
    vec![
        Fact::Taken {
            owner: "o".into(),
            intent: String::new(),
            post_deadline: Timestamp::from_millis(60_000),
        },
        Fact::Accepted { task_id: "7".into(), status: "submitted".into() },
        Fact::Strayed { task_id: "8".into() },
        Fact::PutOff { why: why() },
        Fact::NotSent { why: why() },
        Fact::PathRefused { why: why(), passed: Passed::default() },
        Fact::Refused { error: Problem::new("policy", "x") },
        Fact::AnswerLost { cause: why() },
        Fact::Repeated { cause: why() },
        Fact::OwnerLost { cause: why() },
        Fact::Denied,
        Fact::LookUpFailed { why: why() },
        Fact::Unheard { why: why() },
        Fact::Proposed { task_id: "9".into() },
        Fact::Unproven { evidence: vec![why()], answered: true },
        Fact::Seen { status: "processing".into() },
        Fact::LookFailed { why: why() },
        Fact::LookDenied { why: why() },
        Fact::Unread { answer: why() },
        Fact::Ended { outcome: succeeded() },
        Fact::DeadlinePassed,
        Fact::Expired { why: why(), may_be_sent: false },
        Fact::CancelRequested,
        Fact::GivenUp { why: why() },
        Fact::Resubmit { why: why() },
        Fact::Abandoned { error: Problem::new("operator", "x") },
        Fact::Again { why: why() },
        Fact::Dropped,
        Fact::Replayed { letter: "l".into() },
    ]
}

fn at(millis: i64) -> Moment {
    let steady_since = Timestamp::EPOCH;
    Moment { now: Timestamp::from_millis(millis), steady_since, jitter: 0.5 }
}

fn step(record: Record, fact: Fact, millis: i64, rules: &Rules) -> Step {
    transition(record, fact, at(millis), rules).unwrap()
}

#[test]
fn every_pair_is_a_move_or_a_named_refusal() {
    let mut table = String::new();
    for state in states() {
        let row = record(state.clone());
        for fact in facts() {
            let word = fact.word();
            match transition(row.clone(), fact, at(1000), &Rules::default()) {
                Ok(step) => {
                    let effects: Vec<String> = step.effects.iter().map(effect).collect();
                    let effects = effects.join(", ");
                    let line = format!("{} + {word} -> {}", name(&state), name(&step.record.state));
                    table.push_str(format!("{line} [{effects}]\n").trim_end_matches(" []\n"));
                    table.push_str(if effects.is_empty() { "\n" } else { "" });
                }
                Err(illegal) => {
                    assert_eq!((illegal.state, illegal.fact), (state.word(), word));
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

fn name(state: &State) -> String {
    match state {
        State::Tombstone => "tombstone".to_owned(),
        State::Parked { doubt: Some(_), .. } => "parked in doubt".to_owned(),
        other => other.word().to_owned(),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Announce(kind) => format!("announce {}", kind.word()),
        Effect::ReleasePermit { unspent: true, .. } => "release permit unspent".to_owned(),
        Effect::ReleasePermit { .. } => "release permit".to_owned(),
        Effect::Requeue { after: None } => "requeue".to_owned(),
        Effect::Requeue { after: Some(rung) } => format!("requeue after {}", rung.as_str()),
    }
}

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
    assert!(after(3).contains(&requeue(Some(Rung::TwoMinutes))));
    assert!(after(19).contains(&requeue(Some(Rung::TenMinutes))));
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

fn in_doubt() -> Record {
    let mut record = record(State::InDoubt { doubt: doubt() });
    record.request = Kept::Here(job().request);
    record
}

/// Policy and trust say: submit again. What tells that a task exists stands against both.
#[test]
fn a_task_that_surely_exists_is_never_submitted_again() {
    let eager = Rules { denials_trusted: true, on_doubt: OnDoubt::Resubmit, ..Rules::default() };
    let submitting = record(states().remove(2));
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
fn a_proposal_that_nobody_could_ask_about_is_asked_about_for_longer() {
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
fn a_wanted_retry_is_a_new_round_with_a_new_external_id_and_says_nothing_yet() {
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

fn pending() -> Record {
    let mut pending = record(states().remove(4));
    (pending.submitted_at, pending.task_id) = (Some(Timestamp::EPOCH), Some("7".into()));
    pending
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(Duration::from_secs(seconds).as_millis()).unwrap()
}

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

/// What is left apart is kept, and goes back to the queue like what is in hand.
#[test]
fn a_request_left_apart_is_one() {
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
    let submitting = record(states().remove(2));
    assert_eq!(step(submitting.clone(), accepted(), 1, &rules).record.request, Kept::Nothing);
    let retrying = Record { retries: 1, ..submitting };
    assert!(step(retrying, accepted(), 1, &rules).record.request.here().is_some());
}

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

fn any_fact() -> impl Strategy<Value = Fact> {
    let mut all = facts();
    all.push(Fact::Ended { outcome: failed() });
    all.push(Fact::Accepted { task_id: "9".into(), status: "submitted".into() });
    proptest::sample::select(all)
}

/// What must hold between any record and the next, whatever the fact.
fn follows(before: &Record, step: &Step, rules: &Rules) {
    let after = &step.record;
    assert!(after.round == before.round || after.round == before.round + 1);
    let derived = ExternalId::derive(&rules.installation, &after.key, &after.life, after.round);
    assert_eq!(after.external_id, derived, "one external id for each round");
    if let Some(task) = before.task_id.as_ref().filter(|_| after.round == before.round) {
        let is_kept = after.task_id.as_ref() == Some(task) || after.other_tasks.contains(task);
        assert!(is_kept, "a paid task is never forgotten");
    }
    let outcome = |effect: &Effect| matches!(effect, Effect::Announce(kind) if kind.is_outcome());
    if after.state.is_final() && before.state.word() != after.state.word() {
        assert!(step.effects.iter().any(outcome), "an end that nobody is told of");
    }
    let released = step.effects.iter().filter(|e| matches!(e, Effect::ReleasePermit { .. }));
    assert!(released.count() <= 1, "a slot is given back once");
    assert!(after.attempt <= rules.max_attempts.max(before.attempt), "tries are bounded");
    assert!(!before.sent_before || after.sent_before || after.round > before.round);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: outcomes are announced once per round, a permit is
    /// released exactly when the round stops working, and history stays bounded.
    #[test]
    fn no_sequence_of_facts_breaks_the_promises(
        sequence in proptest::collection::vec((any_fact(), 0i64..200_000), 1..120),
        retries in 0u32..3,
        trusted in any::<bool>(),
        resubmits in any::<bool>(),
        deadline in proptest::option::of(0i64..5_000_000),
    ) {
        let on_doubt = if resubmits { OnDoubt::Resubmit } else { OnDoubt::Park };
        let denials_trusted = trusted;
        let rules = Rules { denials_trusted, on_doubt, max_attempts: 4, ..Rules::default() };
        let mut present = record(State::Queued { why: None });
        present.retries = retries;
        present.deadline = deadline.map(Timestamp::from_millis);
        let mut now = 0;
        let mut announced = std::collections::HashSet::new();
        for (fact, wait) in sequence {
            now += wait;
            let denied = trusted && fact == Fact::Denied;
            let Ok(step) = transition(present.clone(), fact, at(now), &rules) else { continue };
            follows(&present, &step, &rules);
            let held = present.holds_permit(present.round);
            let holds = step.record.holds_permit(present.round);
            let released = step.effects.iter().any(|effect| {
                matches!(effect, Effect::ReleasePermit { round, .. } if *round == present.round)
            });
            let parked_in_doubt =
                matches!(step.record.state, State::Parked { doubt: Some(_), .. });
            let waits = matches!(step.record.state, State::Queued { .. });
            let freed = held && !holds && !parked_in_doubt;
            // What a trusted look-up denies uses no slot, wherever the job goes from there.
            match denied && (waits || parked_in_doubt) {
                true => prop_assert!(released || parked_in_doubt),
                // What was given back while its task went on may be given back again at its end.
                false if present.watch.slot_returned => prop_assert!(!freed),
                false => prop_assert_eq!(released, freed),
            }
            for effect in &step.effects {
                if let Effect::Announce(kind) = effect {
                    // Of what these rules announce only this is said of a task that goes on.
                    let goes_on = *kind == EventKind::Overdue;
                    prop_assert_eq!(step.record.state.is_final(), !goes_on);
                    prop_assert!(announced.insert((*kind, step.record.round)) || *kind == EventKind::Parked);
                }
            }
            prop_assert!(step.record.round >= present.round);
            prop_assert!(step.record.history.len() <= 32);
            if step.effects.iter().any(|effect| matches!(effect, Effect::Requeue { .. })) {
                prop_assert!(step.record.to_job().is_some());
            }
            let json = serde_json::to_string(&step.record).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Record>(&json).unwrap(), &step.record);
            present = step.record;
        }
    }
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
