use super::*;

pub(super) fn job() -> Job {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    decode(body, MessageFacts::default()).unwrap()
}

pub(super) fn record(state: State) -> Record {
    let mut record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
    record.attempt = 1;
    record.state = state;
    record
}

pub(super) fn doubt() -> Doubt {
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

pub(super) fn failed() -> Outcome {
    Outcome::Failed { error: Problem::new("generation", "x") }
}

pub(super) fn succeeded() -> Outcome {
    Outcome::succeeded(Vec::new())
}

pub(super) fn submitting() -> State {
    State::Submitting {
        owner: "o".into(),
        intent: String::new(),
        post_deadline: Timestamp::from_millis(60_000),
    }
}

pub(super) fn running() -> State {
    State::Pending { status: "processing".into(), looks: 0, next_look: Timestamp::EPOCH }
}

pub(super) fn states() -> Vec<State> {
    let at = Timestamp::EPOCH;
    vec![
        State::Tombstone,
        State::Queued { why: None },
        State::Waiting { why: "x".into(), since: at, next_look: at },
        submitting(),
        State::InDoubt { doubt: doubt() },
        running(),
        State::Settled { outcome: succeeded(), at },
        State::Settled { outcome: failed(), at },
        State::Parked { why: "x".into(), doubt: None, at },
        State::Parked { why: "x".into(), doubt: Some(doubt()), at },
    ]
}

pub(super) fn facts() -> Vec<Fact> {
    let why = || "x".to_owned();
    vec![
        Fact::Taken {
            owner: "o".into(),
            intent: String::new(),
            post_deadline: Timestamp::from_millis(60_000),
        },
        Fact::NoSlot { why: why() },
        Fact::StillWaits,
        Fact::Moved { account: "other".into() },
        Fact::Deferred { why: why(), after: RetryDelay::FiveSeconds },
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
        Fact::Retried { round: 1 },
        Fact::Replayed { letter: "l".into() },
        Fact::Edited { letter: "l".into(), request: job().request, slots: 1 },
    ]
}

pub(super) fn at(millis: i64) -> Moment {
    let steady_since = Timestamp::EPOCH;
    Moment { now: Timestamp::from_millis(millis), steady_since, jitter: 0.5 }
}

pub(super) fn step(record: Record, fact: Fact, millis: i64, rules: &Rules) -> Step {
    transition(record, fact, at(millis), rules).unwrap()
}

pub(super) fn in_doubt() -> Record {
    let mut record = record(State::InDoubt { doubt: doubt() });
    record.request = Kept::Here(job().request);
    record
}

pub(super) fn pending() -> Record {
    let mut pending = record(running());
    (pending.submitted_at, pending.task_id) = (Some(Timestamp::EPOCH), Some("7".into()));
    pending
}

pub(super) fn millis(seconds: u64) -> i64 {
    i64::try_from(Duration::from_secs(seconds).as_millis()).unwrap()
}
