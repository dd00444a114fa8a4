//! What is reserved for a round is settled once, when its cost is known; and what events say of it.

use job::{Cost, CostBasis, Estimate, Money, Settled};

use super::*;

fn usd(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn reserved(record: Record) -> Record {
    let (amount, unit) = (Money::parse("0.28"), Money::parse("0.14"));
    Record { estimate: Some(Estimate { amount, unit, reserved: true }), ..record }
}

fn settled(step: &Step) -> Vec<(u32, Settled)> {
    let of = |effect: &Effect| match *effect {
        Effect::SettleReservation { round, settled } => Some((round, settled)),
        _ => None,
    };
    step.effects.iter().filter_map(of).collect()
}

fn outcome(deduction: Option<&str>) -> Outcome {
    Outcome::Succeeded {
        outputs: Vec::new(),
        outputs_left_out: 0,
        final_unit_deduction: deduction.map(str::to_owned),
    }
}

fn billed(billed: Option<bool>) -> Outcome {
    Outcome::Failed { error: Problem { billed, ..Problem::new("generation", "x") } }
}

#[test]
fn whatever_happens_a_reservation_is_settled_once_or_still_shown() {
    let mut settles = 0;
    for state in states() {
        for fact in facts() {
            for sent_before in [false, true] {
                let before = reserved(Record { sent_before, ..record(state.clone()) });
                let Ok(step) = transition(before, fact.clone(), at(1), &Rules::default()) else {
                    continue;
                };
                let same = step.record.round == 1;
                let shown = step.record.estimate.is_some_and(|estimate| estimate.reserved);
                let expected = usize::from(!(same && shown));
                assert_eq!(settled(&step).len(), expected, "{state:?} {fact:?}");
                assert!(same || step.record.estimate.is_none(), "a round has its own estimate");
                settles += expected;
            }
        }
    }
    assert!(settles > 10, "{settles}");
}

#[test]
fn a_record_without_a_reservation_settles_nothing() {
    let rules = Rules::default();
    let fact = Fact::Ended { outcome: succeeded() };
    assert_eq!(settled(&step(pending(), fact, 1, &rules)), []);
}

#[test]
fn the_end_of_a_task_settles_what_the_provider_charges() {
    for (outcome, usd_spent) in [
        (outcome(Some("2")), "0.28"),
        (outcome(Some("2.5")), "0.35"),
        (outcome(None), "0.28"),
        (outcome(Some("many")), "0.28"),
        (outcome(Some("-1")), "0.28"),
        (billed(Some(false)), "0"),
        (billed(Some(true)), "0.28"),
        (billed(None), "0.28"),
    ] {
        let fact = Fact::Ended { outcome: outcome.clone() };
        let ended = step(reserved(pending()), fact.clone(), 1, &Rules::default());
        let spent = Settled::Spent(usd(usd_spent));
        assert_eq!(settled(&ended), [(1, spent)], "{outcome:?}");
        let again = Record { retries: 1, ..reserved(pending()) };
        assert_eq!(settled(&step(again, fact, 1, &Rules::default())), [(1, spent)], "{outcome:?}");
    }
}

#[test]
fn what_was_not_sent_is_released_and_what_may_run_is_kept() {
    let rules = Rules::default();
    let why = || "x".to_owned();
    let of = |record: Record, fact| settled(&step(reserved(record), fact, 1, &rules));
    let released = [(1, Settled::Released)];
    let whole = || Record { request: Kept::Here(fixture::job().request), ..record(submitting()) };
    assert_eq!(of(whole(), Fact::PutOff { why: why() }), released);
    assert_eq!(of(record(submitting()), Fact::NotSent { why: why() }), released);
    assert_eq!(of(whole(), Fact::AnswerLost { cause: why() }), []);
    assert_eq!(of(in_doubt(), Fact::Denied), [], "it is looked for");
    let sent = Record { sent_before: true, ..whole() };
    assert_eq!(of(sent, Fact::PutOff { why: why() }), [], "an earlier POST may have made a task");
    let refused = Fact::Refused { error: Problem::new("policy", "x") };
    assert_eq!(of(whole(), refused), [(1, Settled::Spent(Money::ZERO))]);
}

#[test]
fn an_event_says_what_is_known_of_the_cost() {
    let cost = |record: &Record| {
        let source = EventSource::of_installation("reelwork");
        CloudEvent::about(record, EventKind::Succeeded, &source, Timestamp::EPOCH).data.cost
    };
    let running = reserved(pending());
    let estimated = Cost { usd: usd("0.28"), basis: CostBasis::Estimated };
    assert_eq!(cost(&running), Some(estimated));
    let ended = |outcome| {
        let fact = Fact::Ended { outcome };
        step(running.clone(), fact, 1, &Rules::default()).record
    };
    assert_eq!(cost(&ended(outcome(None))), Some(estimated));
    let settled = |text| Some(Cost { usd: usd(text), basis: CostBasis::Settled });
    assert_eq!(cost(&ended(outcome(Some("3")))), settled("0.42"));
    assert_eq!(cost(&ended(billed(Some(false)))), settled("0"));
    assert_eq!(cost(&pending()), None, "it was not estimated");
    let json = serde_json::to_value(cost(&running)).unwrap();
    assert_eq!(json, serde_json::json!({"usd": "0.28", "basis": "estimated"}));
}

#[test]
fn records_of_earlier_versions_have_no_estimate() {
    let mut json = serde_json::to_value(pending()).unwrap();
    assert!(json.get("estimate").is_none(), "nor do records without one show it");
    assert_eq!(serde_json::from_value::<Record>(json.clone()).unwrap().estimate, None);
    json["estimate"] = serde_json::json!({"amount": "0.28", "reserved": true});
    let read = serde_json::from_value::<Record>(json).unwrap().estimate;
    assert_eq!(read.unwrap().amount, Money::parse("0.28"));
}
