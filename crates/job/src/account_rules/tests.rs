use super::*;
use crate::{Doubt, Job, JobKey, MessageFacts, Outcome, Timestamp, decode};

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

/// Accounts a, b, c and d: c is reserved for acme, d for acme and bolt.
fn rules() -> AccountRules {
    let tenants = [(tenant("acme"), owned(&["d", "c"])), (tenant("bolt"), owned(&["d", "gone"]))];
    AccountRules { names: owned(&["a", "b", "c", "d"]), tenants: tenants.into() }
}

fn of<'a>(
    rules: &'a AccountRules,
    name: &str,
    asked: Option<&str>,
) -> Result<Vec<&'a str>, Reason> {
    rules.of(&tenant(name), asked)
}

#[test]
fn a_tenant_uses_what_is_reserved_for_it_and_others_the_rest() {
    let rules = rules();
    for (name, asked, expected) in [
        ("acme", None, &["c", "d"][..]),
        ("bolt", None, &["d"]),
        ("other", None, &["a", "b"]),
        ("other", Some("b"), &["b"]),
        ("acme", Some("d"), &["d"]),
    ] {
        assert_eq!(of(&rules, name, asked).unwrap(), expected, "{name} {asked:?}");
        assert_eq!(rules.possible(&tenant(name), asked), expected, "{name} {asked:?}");
    }
}

#[test]
fn an_account_that_may_not_be_used_is_refused_without_naming_those_of_others() {
    let rules = rules();
    for (name, asked, may) in [
        ("other", "d", "a, b"),
        ("other", "x", "a, b"),
        ("acme", "a", "c, d"),
        ("bolt", "gone", "d"),
    ] {
        let reason = of(&rules, name, Some(asked)).unwrap_err();
        let expected =
            format!("account \"{asked}\" is not one of tenant {name}; may be asked for: {may}");
        assert_eq!(reason.to_string(), expected);
        assert_eq!(reason.problem().field.as_deref(), Some("account"));
        assert!(reason.is_rejection());
        assert_eq!(rules.possible(&tenant(name), Some(asked)), rules.names);
    }
}

#[test]
fn a_tenant_without_any_account_is_for_the_operator() {
    let reserved = [(tenant("acme"), owned(&["a"]))].into();
    let rules = AccountRules { names: owned(&["a"]), tenants: reserved };
    let reason = of(&rules, "other", None).unwrap_err();
    assert_eq!(reason, Reason::NoAccount("other".into()));
    assert!(!reason.is_rejection());
    let asked = of(&rules, "other", Some("a")).unwrap_err();
    assert!(asked.to_string().ends_with("none may be asked for"), "{asked}");
}

#[test]
fn without_names_there_is_one_account() {
    let rules = AccountRules::default();
    assert_eq!(of(&rules, "acme", None).unwrap(), [DEFAULT_ACCOUNT]);
    assert_eq!(of(&rules, "acme", Some(DEFAULT_ACCOUNT)).unwrap(), [DEFAULT_ACCOUNT]);
    assert!(of(&rules, "acme", Some("b")).is_err());
}

fn job(account: Option<&str>) -> Job {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    let job = decode(body, MessageFacts::default()).unwrap();
    Job { account: account.map(str::to_owned), ..job }
}

fn record(state: State) -> Record {
    Record { state, ..Record::new(&job(None), "old", "reelwork", Timestamp::EPOCH) }
}

fn waiting() -> State {
    State::Waiting { why: "x".into(), since: Timestamp::EPOCH, next_look: Timestamp::EPOCH }
}

#[test]
fn a_record_that_was_not_sent_may_use_any_account_of_its_tenant() {
    let rules = rules();
    for state in [State::Queued { why: None }, waiting()] {
        assert_eq!(rules.of_record(&record(state)), ["a", "b"]);
    }
    let tombstone = Record::tombstone(JobKey::parse("other/a").unwrap(), Timestamp::EPOCH);
    assert_eq!(rules.of_record(&tombstone), ["a", "b"], "it has no account of its own");
    let none =
        AccountRules { names: owned(&["a"]), tenants: [(tenant("acme"), owned(&["a"]))].into() };
    assert_eq!(none.of_record(&record(waiting())), ["old"]);
}

#[test]
fn a_record_that_may_have_been_sent_or_is_bound_stays_with_its_account() {
    let at = Timestamp::EPOCH;
    let doubt = || Doubt::begun(at, "x".into(), at);
    let queued = || record(waiting());
    let submitting =
        State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: at };
    for record in [
        Record { bound: true, ..queued() },
        Record { sent_before: true, ..queued() },
        Record { task_id: Some("7".into()), ..queued() },
        Record { round: 2, ..queued() },
        record(submitting),
        record(State::InDoubt { doubt: doubt() }),
        record(State::Pending { status: "x".into(), looks: 0, next_look: at }),
        record(State::Settled { outcome: Outcome::Cancelled, at }),
        record(State::Parked { why: "x".into(), doubt: None, at }),
    ] {
        assert_eq!(rules().of_record(&record), ["old"], "{record:?}");
    }
}

#[test]
fn a_job_that_asks_for_an_account_stays_bound_when_its_message_returns() {
    let bound = Record::new(&job(Some("b")), "b", "reelwork", Timestamp::EPOCH);
    assert!(bound.bound);
    assert_eq!(bound.to_job().unwrap(), job(Some("b")));
    let free = Record::new(&job(None), "b", "reelwork", Timestamp::EPOCH);
    assert_eq!(free.to_job().unwrap(), job(None));
    let text = serde_json::to_string(&free).unwrap();
    assert!(!text.contains("bound"), "older processes read it: {text}");
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), free);
    let text = serde_json::to_string(&bound).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), bound);
}
