use crate::{OverflowQueue, Reached, Reason, Record, RetryDelay, State};

/// How a delivery is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    Ack,
    /// Published again after the delay, with a header for how far the job may have come.
    Later(RetryDelay, Reached),
    /// To an overflow queue, where it waits for a place in the ledger. Nothing was recorded.
    Overflow(OverflowQueue),
    /// To the dead letters.
    Park(Reason),
}

impl Disposition {
    /// For a job of which nothing was recorded and nothing was sent.
    pub fn unrecorded(delay: RetryDelay) -> Self {
        Self::Later(delay, Reached::Nothing)
    }

    /// While another delivery of the job is being worked on.
    pub fn elsewhere() -> Self {
        Self::Later(RetryDelay::OneSecond, Reached::Provider)
    }
}

impl Record {
    /// How the delivery of a job in this state is settled; `jitter` in [0, 1) spreads retries.
    pub fn disposition(&self, jitter: f64) -> Disposition {
        match &self.state {
            // Its message is published again.
            State::Queued { .. } if self.acknowledged => Disposition::Ack,
            State::Queued { .. } => Disposition::Later(self.retry_delay(jitter), Reached::Ledger),
            State::Parked { why, doubt: None, .. } => {
                let (attempts, cause) = (self.attempt, why.clone());
                Disposition::Park(Reason::TooManyAttempts { attempts, cause })
            }
            State::Submitting { .. } => Disposition::elsewhere(),
            State::Tombstone
            | State::Waiting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. }
            | State::Settled { .. }
            | State::Parked { doubt: Some(_), .. } => Disposition::Ack,
        }
    }

    pub(crate) fn retry_delay(&self, jitter: f64) -> RetryDelay {
        match (&self.path_refusals, self.attempt) {
            (Some(refusals), _) => refusals.retry_delay(),
            (None, 0) => RetryDelay::OneSecond,
            (None, attempt) => RetryDelay::after(attempt, jitter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubt, JobKey, Outcome, PathRefusals, Timestamp};

    const AT: Timestamp = Timestamp::EPOCH;

    fn record(state: State) -> Record {
        let mut record = Record::tombstone(JobKey::parse("default/a").unwrap(), AT);
        record.state = state;
        record
    }

    #[test]
    fn every_state_has_its_disposition() {
        let parked = |doubt| State::Parked { why: "x".to_owned(), doubt, at: AT };
        let given_up = Reason::TooManyAttempts { attempts: 0, cause: "x".to_owned() };
        let submitting =
            State::Submitting { owner: String::new(), intent: String::new(), post_deadline: AT };
        let waits = Disposition::Later(RetryDelay::OneSecond, Reached::Ledger);
        let doubt = || Doubt::begun(AT, String::new(), AT);
        for (state, expected) in [
            (State::Tombstone, Disposition::Ack),
            (State::Queued { why: Some("busy".to_owned()) }, waits),
            (submitting, Disposition::elsewhere()),
            (State::InDoubt { doubt: doubt() }, Disposition::Ack),
            (State::Settled { outcome: Outcome::Cancelled, at: AT }, Disposition::Ack),
            (parked(None), Disposition::Park(given_up)),
            (parked(Some(doubt())), Disposition::Ack),
        ] {
            let record = record(state);
            assert_eq!(record.disposition(0.5), expected, "{}", record.state.word());
        }
    }

    #[test]
    fn refusals_on_the_way_and_attempts_that_count_wait_longer() {
        let mut queued = record(State::Queued { why: None });
        queued.attempt = 3;
        let third = Disposition::Later(RetryDelay::after(3, 0.5), Reached::Ledger);
        assert_eq!(queued.disposition(0.5), third);
        let refusals = PathRefusals { last: AT, against_lane: 2, against_model: 0 };
        queued.path_refusals = Some(refusals);
        let published = Record { acknowledged: true, ..queued.clone() };
        assert_eq!(published.disposition(0.5), Disposition::Ack, "its message is published again");
        let refused = Disposition::Later(refusals.retry_delay(), Reached::Ledger);
        assert_eq!(queued.disposition(0.5), refused);
    }
}
