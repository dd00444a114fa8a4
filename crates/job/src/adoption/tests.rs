use super::*;
use crate::{Doubt, Job, MessageFacts, Moment, Outcome, Rules, decode, transition};

const DEATHS: [Death; 4] = [Death::Expired, Death::Full, Death::DeliveryLimit, Death::Other];

fn job() -> Job {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    decode(body, MessageFacts::default()).unwrap()
}

fn record(state: State) -> Record {
    let mut record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
    record.state = state;
    record
}

fn queued() -> State {
    record(State::Tombstone);
    Record::new(&job(), "default", "reelwork", Timestamp::EPOCH).state
}

fn letter(death: Death, hash: Option<&RequestHash>, put_back: bool) -> Letter<'_> {
    let began_at = Timestamp::EPOCH;
    Letter { death, hash, put_back, life: None, accounts: &[], enqueued: None, began_at }
}

#[test]
fn without_a_record_the_brokers_reason_ends_the_job() {
    let hash = job().request.hash();
    for death in DEATHS {
        let begun = adopt(None, letter(death, Some(&hash), false));
        let expired = matches!(begun, Adoption::Begin(Fact::Expired { .. }));
        let parked = matches!(begun, Adoption::Begin(Fact::GivenUp { .. }));
        assert_eq!((expired, parked), (death == Death::Expired, death != Death::Expired));
    }
}

fn is_doubt(adoption: &Adoption) -> bool {
    matches!(
        adoption,
        Adoption::Begin(Fact::OwnerLost { .. } | Fact::Expired { may_be_sent: true, .. })
    )
}

/// Its end may have been announced by a ledger that has lost its records since.
#[test]
fn what_expired_is_never_sent_again() {
    let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
    let letter =
        Letter { began_at: BEGAN, life: Some(&life), ..letter(Death::Expired, Some(&hash), true) };
    let rules = Rules { denials_trusted: true, denials_needed: 1, ..Rules::default() };
    let waiting = Record { restored: true, ..record(queued()) };
    for found in [None, Some(waiting)] {
        let fact = match adopt(found.as_ref(), letter) {
            Adoption::Begin(fact) | Adoption::Conclude(fact) => fact,
            other @ (Adoption::Fill(_) | Adoption::PutBack | Adoption::Leave) => {
                panic!("{other:?}")
            }
        };
        let record = found.unwrap_or_else(|| record(queued()));
        let at = |seconds| Moment {
            now: BEGAN + Duration::from_secs(seconds),
            steady_since: Timestamp::EPOCH,
            jitter: 0.5,
        };
        let doubtful = transition(record, fact, at(0), &rules).unwrap().record;
        assert_eq!(doubtful.state.word(), "in_doubt");
        let denied = transition(doubtful, Fact::Denied, at(3600), &rules).unwrap().record;
        assert_eq!(denied.state.word(), "timed_out");
    }
}

#[test]
fn a_letter_of_another_life_is_evidence_against_sending_again() {
    let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
    let doubt = Doubt::begun(BEGAN, "x".into(), BEGAN);
    let mut found = record(State::InDoubt { doubt });
    found.created_at = BEGAN;
    let letter = Letter { began_at: BEGAN, ..letter(Death::Expired, Some(&hash), false) };
    for (told, beside) in [(Some(&life), true), (Some(&found.life), false), (None, false)] {
        let adoption = adopt(Some(&found), Letter { life: told, ..letter });
        let repeated = matches!(adoption, Adoption::Conclude(Fact::Repeated { .. }));
        assert_eq!(repeated, beside, "{told:?}");
    }
    let State::InDoubt { doubt } = &mut found.state else { panic!("in doubt") };
    doubt.evidence.push("told".to_owned());
    assert_eq!(adopt(Some(&found), Letter { life: Some(&life), ..letter }), Adoption::Leave);
}

const BEGAN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

#[test]
fn what_may_have_been_sent_in_a_forgotten_generation_is_in_doubt() {
    let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
    let ahead = BEGAN + PRODUCERS;
    for (enqueued, doubted) in
        [(None, true), (Some(BEGAN), true), (Some(BEGAN + STORES), true), (Some(ahead), false)]
    {
        for (death, put_back) in DEATHS.into_iter().flat_map(|d| [(d, false), (d, true)]) {
            let letter =
                Letter { enqueued, began_at: BEGAN, ..letter(death, Some(&hash), put_back) };
            let told = Letter { life: Some(&life), ..letter };
            assert_eq!(is_doubt(&adopt(None, told)), doubted, "{death:?} {put_back} {enqueued:?}");
            let is_evidence = matches!(adopt(None, letter), Adoption::Begin(Fact::Repeated { .. }));
            assert_eq!(is_evidence, doubted, "its external id is unknown: never sent again");
        }
    }
}

#[test]
fn what_may_have_been_sent_with_another_account_is_never_sent_again() {
    let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
    let repeated = |adoption| match adoption {
        Adoption::Begin(fact) | Adoption::Conclude(fact) | Adoption::Fill(fact) => {
            matches!(fact, Fact::Repeated { .. })
        }
        Adoption::PutBack | Adoption::Leave => false,
    };
    let old = record(queued());
    let sent = Record { sent_before: true, ..old.clone() };
    let several = ["a".to_owned(), "b".to_owned()];
    for death in DEATHS {
        let sure =
            Letter { began_at: BEGAN, life: Some(&life), ..letter(death, Some(&hash), true) };
        let unsure = Letter { accounts: &several, ..sure };
        for found in [None, Some(&record(State::Tombstone)), Some(&old)] {
            assert!(repeated(adopt(found, unsure)), "{death:?} {found:?}");
            assert!(!repeated(adopt(found, sure)), "{death:?} {found:?}");
        }
        assert!(!repeated(adopt(Some(&sent), unsure)), "its account is known: {death:?}");
    }
}

#[test]
fn a_waiting_job_from_before_the_generation_may_have_been_sent_too() {
    let hash = job().request.hash();
    let letter = Letter { began_at: BEGAN, ..letter(Death::Expired, Some(&hash), true) };
    let mut since = record(queued());
    since.created_at = BEGAN + STORES;
    assert_eq!(adopt(Some(&since), letter), Adoption::Conclude(end(Death::Expired)));
    let restored = Record { restored: true, ..since };
    for found in [restored, record(queued())] {
        assert_eq!(adopt(Some(&found), letter), Adoption::Conclude(letter.lost()));
    }
}

#[test]
fn what_never_was_a_job_is_reported_when_no_worker_can_read_it() {
    let seen = |put_back| adopt(None, letter(Death::Expired, None, put_back));
    assert_eq!(seen(false), Adoption::PutBack);
    assert_eq!(seen(true), Adoption::Begin(given_up(Death::Expired)));
}

#[test]
fn a_job_on_its_way_or_ended_is_never_touched() {
    let hash = job().request.hash();
    let doubt = Doubt::begun(Timestamp::EPOCH, "x".into(), Timestamp::EPOCH);
    let at = Timestamp::EPOCH;
    let states = [
        State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: at },
        State::InDoubt { doubt: doubt.clone() },
        State::Settled { outcome: Outcome::Cancelled, at },
        State::Parked { why: "x".into(), doubt: None, at },
        State::Parked { why: "x".into(), doubt: Some(doubt), at },
    ];
    for state in states {
        for death in DEATHS {
            for put_back in [false, true] {
                let found = record(state.clone());
                let adoption = adopt(Some(&found), letter(death, Some(&hash), put_back));
                assert_eq!(adoption, Adoption::Leave, "{state:?} {death:?}");
            }
        }
    }
}

#[test]
fn a_waiting_job_gets_one_more_try_and_then_its_end() {
    let hash = job().request.hash();
    let found = record(queued());
    for death in DEATHS {
        let first = adopt(Some(&found), letter(death, Some(&hash), false));
        assert_eq!(first, Adoption::PutBack);
        let second = adopt(Some(&found), letter(death, Some(&hash), true));
        assert_eq!(second, Adoption::Conclude(end(death)));
    }
}

#[test]
fn what_was_cancelled_ahead_ends_by_it() {
    let (hash, life) = (job().request.hash(), Life::of_message(BEGAN));
    let found = record(State::Tombstone);
    let cancel = Adoption::Fill(Fact::CancelRequested);
    for death in DEATHS {
        let of = |hash, put_back| adopt(Some(&found), letter(death, hash, put_back));
        for hash in [Some(&hash), None] {
            assert_eq!((of(hash, false), of(hash, true)), (Adoption::PutBack, cancel.clone()));
        }
        let before =
            Letter { began_at: BEGAN, life: Some(&life), ..letter(death, Some(&hash), true) };
        assert_eq!(adopt(Some(&found), before), Adoption::Fill(before.lost()));
    }
}

#[test]
fn what_a_worker_must_read_goes_back_once() {
    let other = crate::Request::default().hash();
    for (found, hash) in [(Some(record(queued())), Some(&other)), (Some(record(queued())), None)] {
        let seen = |put_back| adopt(found.as_ref(), letter(Death::Expired, hash, put_back));
        assert_eq!((seen(false), seen(true)), (Adoption::PutBack, Adoption::Leave));
    }
}
