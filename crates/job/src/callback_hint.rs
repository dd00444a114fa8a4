//! What to do about a callback, by the job's record.

use crate::{Record, State};

/// What to do about a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackHint {
    /// Nothing: the round is over.
    Stale,
    /// Query the provider now.
    Look,
    /// Keep the task id, for a later doubt.
    Keep,
    /// Keep the task id, and query the provider now.
    KeepAndLook,
    /// Keep the task id, and apply [`Fact::Proposed`](crate::Fact::Proposed) to the record.
    KeepAndTell,
}

/// `round`: the round of the callback; `present`: the job's record.
pub fn callback_hint(present: Option<&Record>, round: u32) -> CallbackHint {
    // The callback came before the record, or the ledger lost the record.
    let Some(record) = present.filter(|record| record.round >= round) else {
        return CallbackHint::Keep;
    };
    if record.round > round {
        return CallbackHint::Stale;
    }
    match &record.state {
        State::Settled { .. } => CallbackHint::Stale,
        State::Pending { .. } => CallbackHint::Look,
        State::InDoubt { .. } => CallbackHint::KeepAndLook,
        State::Queued { .. } | State::Waiting { .. } | State::Parked { doubt: Some(_), .. } => {
            CallbackHint::KeepAndTell
        }
        State::Tombstone | State::Submitting { .. } | State::Parked { doubt: None, .. } => {
            CallbackHint::Keep
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubt, MessageFacts, Outcome, Timestamp, decode};

    const AT: Timestamp = Timestamp::EPOCH;

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", AT);
        (record.round, record.state) = (2, state);
        record
    }

    fn doubt() -> Doubt {
        Doubt::begun(AT, String::new(), AT)
    }

    #[test]
    fn every_state_has_its_hint() {
        let parked = |doubt| State::Parked { why: String::new(), doubt, at: AT };
        let pending = State::Pending { status: String::new(), looks: 0, next_look: AT };
        let submitting =
            State::Submitting { owner: String::new(), intent: String::new(), post_deadline: AT };
        for (state, hint) in [
            (State::Tombstone, CallbackHint::Keep),
            (State::Queued { why: None }, CallbackHint::KeepAndTell),
            (submitting, CallbackHint::Keep),
            (State::InDoubt { doubt: doubt() }, CallbackHint::KeepAndLook),
            (pending, CallbackHint::Look),
            (State::Settled { outcome: Outcome::Cancelled, at: AT }, CallbackHint::Stale),
            (parked(None), CallbackHint::Keep),
            (parked(Some(doubt())), CallbackHint::KeepAndTell),
        ] {
            let record = record(state);
            assert_eq!(callback_hint(Some(&record), 2), hint, "{}", record.state.word());
        }
    }

    #[test]
    fn an_unknown_job_and_a_later_round_are_kept_and_an_earlier_one_is_over() {
        let queued = record(State::Queued { why: None });
        assert_eq!(callback_hint(None, 1), CallbackHint::Keep);
        assert_eq!(callback_hint(Some(&queued), 3), CallbackHint::Keep);
        assert_eq!(callback_hint(Some(&queued), 1), CallbackHint::Stale);
    }
}
