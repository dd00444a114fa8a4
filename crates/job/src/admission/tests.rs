use super::*;
use crate::{Doubt, Job, MessageFacts, Outcome, Problem, Request, decode};

fn job() -> Job {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    decode(body, MessageFacts::default()).unwrap()
}

fn known(state: State) -> Record {
    let record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
    Record { state, ..record }
}

fn recovery(record: &Record, delivered: Delivered<'_>) -> Recovery {
    recover(record, false, &job().request.hash(), &delivered)
}

fn submitting() -> State {
    State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: Timestamp::EPOCH }
}

const MINUTES: Duration = Duration::from_secs(300);

const FRESH: Delivered<'static> = Delivered {
    reached: Reached::Nothing,
    enqueued: None,
    life: None,
    unsent: None,
    skew: MINUTES,
    began_at: Timestamp::EPOCH,
    now: Timestamp::EPOCH,
};

#[test]
fn no_record_means_new_unless_an_earlier_ledger_may_have_known_it() {
    let began = Timestamp::from_millis(1_700_000_000_000);
    let seen = |reached, before: bool| {
        let began_at = if before { began } else { Timestamp::EPOCH };
        Delivered { reached, began_at, ..FRESH }
    };
    assert_eq!(admit(&FRESH), Admission::New);
    assert_eq!(admit(&seen(Reached::Ledger, false)), Admission::New);
    assert_eq!(admit(&seen(Reached::Nothing, true)), Admission::New);
    for reached in [Reached::Ledger, Reached::Provider] {
        assert_eq!(admit(&seen(reached, true)), Admission::RecordLost);
    }
}

#[test]
fn every_state_has_its_recovery() {
    let of = |state| recovery(&known(state), FRESH);
    assert_eq!(of(State::Queued { why: None }), Recovery::Retry);
    assert_eq!(of(State::Tombstone), Recovery::Cancelled);
    assert_eq!(of(submitting()), Recovery::Orphaned { forgot: false });
    let parked = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
    assert_eq!(of(parked), Recovery::Duplicate);
    let (record, hash) = (known(submitting()), job().request.hash());
    assert_eq!(recover(&record, true, &hash, &FRESH), Recovery::BeingSubmitted);
}

#[test]
fn a_restored_job_whose_message_may_have_been_sent_is_an_orphan() {
    let mut waiting = known(State::Queued { why: None });
    let again = Delivered { reached: Reached::Provider, ..FRESH };
    let later = Delivered { began_at: Timestamp::from_millis(1), ..again };
    let put_off = Delivered { reached: Reached::Ledger, ..FRESH };
    assert_eq!(recovery(&waiting, again), Recovery::Retry);
    assert_eq!(recovery(&waiting, later), Recovery::Orphaned { forgot: true }, "set back");
    waiting.restored = true;
    assert_eq!(recovery(&waiting, FRESH), Recovery::Retry);
    assert_eq!(recovery(&waiting, put_off), Recovery::Retry);
    assert_eq!(recovery(&waiting, again), Recovery::Orphaned { forgot: true });
}

#[test]
fn an_id_that_only_a_bad_message_used_is_free() {
    let bad = decode(b"{}", MessageFacts { message_id: Some("a"), routing_key: None });
    let bad = bad.unwrap_err();
    let rejected = Record::rejected(&bad, job().key, b"{}", Timestamp::EPOCH);
    // As version 0.1 kept it.
    let mut parked = Record::of_bad_job(&bad, job().key, b"{}", Timestamp::EPOCH);
    parked.state = State::Parked { why: "x".into(), doubt: None, at: Timestamp::EPOCH };
    for record in [rejected, parked] {
        let of = |record: &Record, reached| recovery(record, Delivered { reached, ..FRESH });
        let free = Recovery::Replacement { may_be_sent: false };
        assert_eq!(of(&record, Reached::Provider), free);
        let restored = Record { restored: true, ..record.clone() };
        assert_eq!(of(&restored, Reached::Ledger), free);
        let taken = Recovery::Replacement { may_be_sent: true };
        assert_eq!(of(&restored, Reached::Provider), taken);
        let now = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
        assert_eq!(now.in_place_of(&record, "reelwork").round, 2);
    }
}

#[test]
fn a_job_that_was_rejected_keeps_its_id() {
    let error = Problem::new("policy", "no");
    let outcome = Outcome::Rejected { error };
    let rejected = known(State::Settled { outcome, at: Timestamp::EPOCH });
    assert_eq!(recovery(&rejected, FRESH), Recovery::Duplicate);
}

#[test]
fn bytes_and_requests_are_never_compared() {
    let record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
    assert!(record.is_of(&job().request.hash()));
    let canonical = br#"{"prompt":"x",}"#;
    assert!(!record.is_of_message(canonical), "the very bytes that were hashed");
    let bad = decode(b"{}", MessageFacts::default()).unwrap_err();
    let none = Record::rejected(&bad, job().key, canonical, Timestamp::EPOCH);
    assert!(none.is_of_message(canonical) && !none.is_of(&job().request.hash()));
}

#[test]
fn a_tombstone_does_not_cancel_what_may_have_been_sent() {
    let tombstone = known(State::Tombstone);
    let began_at = Timestamp::from_millis(1_700_000_000_000);
    let seen = |reached, began_at| Delivered { reached, began_at, ..FRESH };
    let of = |delivered| recovery(&tombstone, delivered);
    assert_eq!(of(seen(Reached::Provider, Timestamp::EPOCH)), Recovery::Cancelled);
    assert_eq!(of(seen(Reached::Nothing, began_at)), Recovery::Cancelled);
    assert_eq!(of(seen(Reached::Provider, began_at)), Recovery::RecordLost);
}

#[test]
fn a_cancellation_that_had_to_wait_is_done_once_nothing_was_sent() {
    let mut asked = known(State::Queued { why: None });
    (asked.cancel_requested, asked.restored) = (true, true);
    let of = |record: &Record, reached| recovery(record, Delivered { reached, ..FRESH });
    assert_eq!(of(&asked, Reached::Ledger), Recovery::Withdrawn);
    assert_eq!(of(&asked, Reached::Provider), Recovery::Orphaned { forgot: true });
    asked.sent_before = true;
    assert_eq!(of(&asked, Reached::Ledger), Recovery::Retry, "what was sent goes on");
}

#[test]
fn a_dropped_job_begins_again_when_it_is_published_again() {
    let at = Timestamp::from_millis(1_700_000_000_000);
    let error = Problem::new("dropped", "x");
    let outcome = Outcome::Failed { error };
    let mut dropped = known(State::Settled { outcome, at });
    let of = |record: &Record, enqueued| recovery(record, Delivered { enqueued, ..FRESH });
    assert_eq!(of(&dropped, Some(at + SKEW)), Recovery::Duplicate, "it was sent");
    dropped.may_begin_again = true;
    assert_eq!(of(&dropped, Some(at)), Recovery::BeginsAgain);
    assert_eq!(of(&dropped, None), Recovery::BeginsAgain, "no time told");
    let left_over = Timestamp::from_millis(at.as_millis() - 3_600_000);
    assert_eq!(of(&dropped, Some(left_over)), Recovery::Duplicate);
    let other = Request::default().hash();
    assert_eq!(recover(&dropped, false, &other, &FRESH), Recovery::Conflict);
}

#[test]
fn another_request_under_the_same_id_is_a_conflict_in_every_state() {
    let other = Request::default().hash();
    for state in [State::Queued { why: None }, submitting()] {
        assert_eq!(recover(&known(state), true, &other, &FRESH), Recovery::Conflict);
    }
}

#[test]
fn nothing_was_before_the_first_generation() {
    assert!(!is_before(Timestamp::EPOCH, Timestamp::EPOCH, SKEW));
    let began = Timestamp::from_millis(1_700_000_000_000);
    assert!(is_before(began, began, SKEW), "clocks differ");
    assert!(!is_before(began + SKEW, began, SKEW));
}

#[test]
fn a_producers_clock_is_no_evidence_near_the_beginning_of_a_generation() {
    let began_at = Timestamp::from_millis(1_700_000_000_000);
    let told = |enqueued| {
        let delivered = Delivered { reached: Reached::Provider, began_at, enqueued, ..FRESH };
        admit(&delivered)
    };
    assert_eq!(told(None), Admission::RecordLost, "no time, or none that can be");
    assert_eq!(told(Some(began_at + Duration::from_secs(60))), Admission::RecordLost, "ahead");
    assert_eq!(told(Some(began_at + MINUTES)), Admission::New, "surely published since");
}

#[test]
fn an_intent_that_was_put_back_unsent_is_no_doubt() {
    let intent = || State::Submitting {
        owner: "o".into(),
        intent: "i-1".into(),
        post_deadline: Timestamp::EPOCH,
    };
    let back = |unsent| {
        let delivered = Delivered { unsent, reached: Reached::Ledger, ..FRESH };
        recovery(&known(intent()), delivered)
    };
    assert_eq!(back(Some("i-1")), Recovery::Unsent);
    assert_eq!(back(Some("i-0")), Recovery::Orphaned { forgot: false }, "another try's");
    assert_eq!(back(None), Recovery::Orphaned { forgot: false });
}

#[test]
fn a_second_message_that_may_have_been_sent_stands_beside_a_doubt() {
    let began_at = Timestamp::from_millis(1_700_000_000_000);
    let (ours, other) = (Life::begun(began_at), Life::begun(Timestamp::EPOCH));
    let doubt = Doubt::begun(began_at, String::new(), began_at);
    let mut found = known(State::InDoubt { doubt });
    (found.life, found.created_at) = (ours.clone(), began_at);
    let seen = |life, reached| {
        let delivered = Delivered { life: Some(life), reached, began_at, ..FRESH };
        recovery(&found, delivered)
    };
    assert_eq!(seen(&other, Reached::Provider), Recovery::SentBeside);
    assert_eq!(seen(&ours, Reached::Provider), Recovery::Duplicate);
    assert_eq!(seen(&other, Reached::Nothing), Recovery::Duplicate);
}

#[test]
fn another_request_that_may_have_been_sent_is_evidence_before_it_is_a_conflict() {
    let began_at = Timestamp::from_millis(1_700_000_000_000);
    let (ours, other) = (Life::begun(began_at), Life::begun(Timestamp::EPOCH));
    let seen = |evidence: &[&str], created_at, life, reached| {
        let mut doubt = Doubt::begun(began_at, String::new(), began_at);
        doubt.evidence = evidence.iter().map(|words| (*words).to_owned()).collect();
        let mut found = known(State::InDoubt { doubt });
        (found.life, found.created_at) = (ours.clone(), created_at);
        let delivered = Delivered { life, reached, began_at, ..FRESH };
        let another = Request::default().hash();
        recover(&found, false, &another, &delivered)
    };
    let sent = Reached::Provider;
    assert_eq!(seen(&[], began_at, Some(&other), sent), Recovery::ConflictSentBeside);
    assert_eq!(seen(&[], began_at, None, sent), Recovery::ConflictSentBeside, "of no known id");
    assert_eq!(seen(&["known"], began_at, Some(&other), sent), Recovery::Conflict);
    assert_eq!(seen(&[], began_at, Some(&ours), sent), Recovery::Conflict, "of the same id");
    assert_eq!(seen(&[], began_at, Some(&other), Reached::Nothing), Recovery::Conflict);
    let earlier = Timestamp::from_millis(1);
    assert_eq!(seen(&[], earlier, Some(&other), sent), Recovery::Conflict, "it stood in its way");
}

#[test]
fn what_may_have_been_sent_beside_keeps_a_denied_doubt_from_being_sent_again() {
    let began_at = Timestamp::from_millis(1_700_000_000_000);
    let (ours, other) = (Life::begun(began_at), Life::begun(Timestamp::EPOCH));
    let seen = |sent_before, life, hash: &RequestHash| {
        let mut found = known(State::Queued { why: None });
        (found.life, found.created_at) = (ours.clone(), began_at + MINUTES);
        found.sent_before = sent_before;
        let reached = Reached::Provider;
        recover(&found, false, hash, &Delivered { life, reached, began_at, ..FRESH })
    };
    let (same, another) = (job().request.hash(), Request::default().hash());
    assert_eq!(seen(true, Some(&other), &another), Recovery::ConflictSentBeside);
    assert_eq!(seen(true, Some(&other), &same), Recovery::SentBeside);
    assert_eq!(seen(false, Some(&other), &same), Recovery::SentBeside, "the other came later");
    assert_eq!(seen(false, Some(&ours), &same), Recovery::Retry, "its own message");
    assert_eq!(seen(true, Some(&ours), &same), Recovery::Retry, "its own message");
    assert_eq!(seen(true, None, &same), Recovery::Retry, "perhaps its own");
    assert_eq!(seen(false, Some(&other), &another), Recovery::Conflict);
}

#[test]
fn a_job_that_may_have_been_sent_is_ready_only_with_its_own_account() {
    let mut waiting = known(State::Queued { why: None });
    let own = waiting.account.clone();
    let ready = |record: &Record, account: &str| readiness(record, account, Timestamp::EPOCH);
    assert_eq!(ready(&waiting, "other"), Readiness::Ready);
    let bound = Record { bound: true, ..waiting.clone() };
    assert_eq!(ready(&bound, "other"), Readiness::OtherAccount);
    assert_eq!(ready(&bound, &own), Readiness::Ready);
    waiting.sent_before = true;
    assert_eq!(ready(&waiting, "other"), Readiness::OtherAccount);
    assert_eq!(ready(&waiting, &own), Readiness::Ready);
    waiting.deadline = Some(Timestamp::EPOCH);
    assert_eq!(ready(&waiting, "other"), Readiness::TooLate, "its deadline comes first");
}

#[test]
fn what_was_lost_with_its_external_id_is_never_sent_again() {
    let life = Life::begun(Timestamp::EPOCH);
    let known = record_lost("lost".to_owned(), Some(&life), &[]);
    assert_eq!(known, Fact::OwnerLost { cause: "lost".to_owned() });
    let two = ["a".to_owned(), "b".to_owned()];
    for (life, accounts) in [(None, &[][..]), (None, &two), (Some(&life), &two)] {
        let fact = record_lost("lost".to_owned(), life, accounts);
        assert!(matches!(fact, Fact::Repeated { .. }), "{life:?} {accounts:?}");
    }
}
