//! A dead letter and its job, for tests.

use std::time::Duration;

use crate::{
    DeadLetter, Doubt, Job, MessageFacts, Outcome, Problem, Record, State, Timestamp, decode,
};

pub(crate) const PARKED: Timestamp = Timestamp::from_millis(1_000_000);
pub(crate) const LATER: Timestamp = Timestamp::from_millis(2_000_000);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn job() -> Job {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    decode(body, MessageFacts::default()).unwrap()
}

pub(crate) fn letter() -> DeadLetter {
    let request_hash = Some(job().request.hash());
    DeadLetter { handle: "l".into(), dead_at: Some(PARKED), request_hash }
}

pub(crate) fn record(state: State) -> Record {
    let mut record = Record::new(&job(), "default", "reelwork", Timestamp::EPOCH);
    record.state = state;
    record
}

pub(crate) fn parked(doubt: Option<Doubt>, at: Timestamp) -> State {
    State::Parked { why: "x".into(), doubt, at }
}

pub(crate) fn settled(outcome: Outcome, at: Timestamp) -> State {
    State::Settled { outcome, at }
}

pub(crate) fn succeeded() -> Outcome {
    Outcome::succeeded(Vec::new())
}

pub(crate) fn failed() -> Outcome {
    Outcome::Failed { error: Problem::new("dropped", "x") }
}

pub(crate) fn rejected() -> Outcome {
    Outcome::Rejected { error: Problem::new("invalid", "x") }
}

pub(crate) fn doubt() -> Doubt {
    Doubt::begun(PARKED, "x".into(), PARKED)
}
