//! What an operator's retry means for a job.

use crate::{Outcome, Record, State};

/// Why a job is not retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRetried {
    #[error("it has succeeded")]
    Succeeded,
    #[error("it was cancelled: publish it under another id")]
    Cancelled,
    #[error("it has not ended")]
    UnderWay,
    #[error("it was retried meanwhile, and that round has ended too: look at it again")]
    LaterRound,
    #[error("it is parked in doubt: `reelwork doubt` settles that first")]
    InDoubt,
    #[error("it is parked: `reelwork dead replay` publishes its message again")]
    Parked,
    #[error("it was no job: publish it corrected")]
    NoJob,
    #[error("its request is not kept (it is too large, or older): publish it under another id")]
    NoRequest,
}

impl Record {
    /// Pure. The same for an operator who has seen this round: others may have retried the job since.
    pub fn may_be_retried_after(&self, round: u32) -> Result<(), NotRetried> {
        self.may_be_retried()?;
        match self.round == round {
            true => Ok(()),
            false => Err(NotRetried::LaterRound),
        }
    }

    /// Pure. Whether a new round, which is paid for, may begin with the request that is kept: the job has
    /// failed, was rejected or timed out. The task of one that timed out may still end and be billed.
    pub fn may_be_retried(&self) -> Result<(), NotRetried> {
        match &self.state {
            _ if !self.was_a_job() => Err(NotRetried::NoJob),
            State::Settled { outcome, .. } => match outcome {
                Outcome::Succeeded { .. } => Err(NotRetried::Succeeded),
                Outcome::Cancelled => Err(NotRetried::Cancelled),
                Outcome::Failed { .. } | Outcome::Rejected { .. } | Outcome::TimedOut { .. } => {
                    match self.request.is_nothing() {
                        true => Err(NotRetried::NoRequest),
                        false => Ok(()),
                    }
                }
            },
            State::Parked { doubt: Some(_), .. } => Err(NotRetried::InDoubt),
            State::Parked { doubt: None, .. } => Err(NotRetried::Parked),
            State::Tombstone => Err(NotRetried::Cancelled),
            State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. } => Err(NotRetried::UnderWay),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Doubt, Kept, MessageFacts, Problem, Timestamp, decode};

    use super::*;

    const AT: Timestamp = Timestamp::EPOCH;

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        Record { state, ..Record::new(&job, "default", "reelwork", AT) }
    }

    fn settled(outcome: Outcome) -> State {
        State::Settled { outcome, at: AT }
    }

    #[test]
    fn every_state_has_its_answer() {
        let error = || Problem::new("moderation", "no");
        let doubt = Doubt::begun(AT, "x".into(), AT);
        let submitting =
            State::Submitting { owner: "o".into(), intent: String::new(), post_deadline: AT };
        let pending = State::Pending { status: "x".into(), looks: 0, next_look: AT };
        let parked = |doubt| State::Parked { why: "x".into(), doubt, at: AT };
        for (state, expected) in [
            (settled(Outcome::Failed { error: error() }), Ok(())),
            (settled(Outcome::Rejected { error: error() }), Ok(())),
            (settled(Outcome::TimedOut { error: error() }), Ok(())),
            (settled(Outcome::succeeded(Vec::new())), Err(NotRetried::Succeeded)),
            (settled(Outcome::Cancelled), Err(NotRetried::Cancelled)),
            (State::Tombstone, Err(NotRetried::Cancelled)),
            (State::Queued { why: None }, Err(NotRetried::UnderWay)),
            (submitting, Err(NotRetried::UnderWay)),
            (pending, Err(NotRetried::UnderWay)),
            (State::InDoubt { doubt: doubt.clone() }, Err(NotRetried::UnderWay)),
            (parked(Some(doubt)), Err(NotRetried::InDoubt)),
            (parked(None), Err(NotRetried::Parked)),
        ] {
            assert_eq!(record(state.clone()).may_be_retried(), expected, "{state:?}");
        }
    }

    #[test]
    fn only_the_round_that_was_seen_is_retried() {
        let failed = settled(Outcome::Failed { error: Problem::new("x", "y") });
        let record = Record { round: 2, ..record(failed) };
        assert_eq!(record.may_be_retried_after(2), Ok(()));
        assert_eq!(record.may_be_retried_after(1), Err(NotRetried::LaterRound));
    }

    #[test]
    fn without_its_request_it_is_not_retried() {
        let failed = settled(Outcome::Failed { error: Problem::new("x", "y") });
        let record = Record { request: Kept::Nothing, ..record(failed) };
        assert_eq!(record.may_be_retried(), Err(NotRetried::NoRequest));
    }
}
