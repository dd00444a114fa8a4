//! What a callback means for a job, by what the ledger knows of it.

use job::{Record, State};

/// What is done about a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// It tells nothing that is still wanted.
    Stale,
    /// Ask the provider now.
    Look,
    /// Keep the task id for a doubt that may come.
    Keep,
    /// Keep the task id, and look now.
    KeepAndLook,
    /// Keep the task id, and tell the record that a task exists.
    KeepAndTell,
}

/// Pure. `round` is what the callback is about; `present` what the ledger has.
pub(crate) fn of(present: Option<&Record>, round: u32) -> Hint {
    // It came before the record, or the ledger has forgotten it.
    let Some(record) = present.filter(|record| record.round >= round) else {
        return Hint::Keep;
    };
    if record.round > round {
        return Hint::Stale;
    }
    match &record.state {
        State::Settled { .. } => Hint::Stale,
        State::Pending { .. } => Hint::Look,
        State::InDoubt { .. } => Hint::KeepAndLook,
        State::Queued { .. } | State::Parked { doubt: Some(_), .. } => Hint::KeepAndTell,
        State::Tombstone | State::Submitting { .. } | State::Parked { doubt: None, .. } => {
            Hint::Keep
        }
    }
}

#[cfg(test)]
mod tests {
    use job::{Doubt, MessageFacts, Outcome, Timestamp, decode};

    use super::*;

    const AT: Timestamp = Timestamp::EPOCH;

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", AT);
        (record.round, record.state) = (2, state);
        record
    }

    fn doubt() -> Doubt {
        Doubt {
            since: AT,
            cause: String::new(),
            settles_at: AT,
            denials: 0,
            looks: 0,
            next_look: AT,
            evidence: Vec::new(),
            intent: None,
        }
    }

    #[test]
    fn every_state_has_its_hint() {
        let parked = |doubt| State::Parked { why: String::new(), doubt, at: AT };
        let pending = State::Pending { status: String::new(), looks: 0, next_look: AT };
        let submitting =
            State::Submitting { owner: String::new(), intent: String::new(), post_deadline: AT };
        for (state, hint) in [
            (State::Tombstone, Hint::Keep),
            (State::Queued { why: None }, Hint::KeepAndTell),
            (submitting, Hint::Keep),
            (State::InDoubt { doubt: doubt() }, Hint::KeepAndLook),
            (pending, Hint::Look),
            (State::Settled { outcome: Outcome::Cancelled, at: AT }, Hint::Stale),
            (parked(None), Hint::Keep),
            (parked(Some(doubt())), Hint::KeepAndTell),
        ] {
            let record = record(state);
            assert_eq!(of(Some(&record), 2), hint, "{}", record.state.word());
        }
    }

    #[test]
    fn an_unknown_job_and_a_later_round_are_kept_and_an_earlier_one_is_over() {
        let queued = record(State::Queued { why: None });
        assert_eq!(of(None, 1), Hint::Keep);
        assert_eq!(of(Some(&queued), 3), Hint::Keep);
        assert_eq!(of(Some(&queued), 1), Hint::Stale);
    }
}
