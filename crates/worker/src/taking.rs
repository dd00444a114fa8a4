//! Taking single jobs from the lanes of a full pool. A lane that cannot be taken from keeps no
//! other from being served.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use job::Lane;
use ports::BrokerError;
use tokio::time::Instant;

use crate::desk::Desk;
use crate::lane::rest_after;
use crate::slot_queue::Try;

/// What came of taking one job from a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    One,
    /// Nothing is there, or nothing may be taken.
    Nothing,
    /// The broker does not answer.
    NotNow,
}

/// Which lanes could not be taken from.
#[derive(Default)]
pub(crate) struct Taking {
    failed: Mutex<BTreeMap<Lane, Failed>>,
}

struct Failed {
    error: BrokerError,
    asked_again_at: Instant,
}

impl Taking {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Lane, Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn one(&self, desk: &Desk, leave: Try) -> Taken {
        if let Some(taken) = self.rests(desk.lane, Instant::now()) {
            return taken;
        }
        match desk.shared.broker.take(desk.lane).await {
            Ok(delivery) => {
                self.lock().remove(&desk.lane);
                let Some(delivery) = delivery else { return Taken::Nothing };
                desk.work_on(delivery, leave);
                Taken::One
            }
            Err(error) => self.fails(desk.lane, error, Instant::now()),
        }
    }

    fn rests(&self, lane: Lane, now: Instant) -> Option<Taken> {
        let failed = self.lock();
        let rests = failed.get(&lane).filter(|failed| now < failed.asked_again_at)?;
        Some(taken(&rests.error))
    }

    /// Logged once for as long as it stays the same.
    fn fails(&self, lane: Lane, error: BrokerError, now: Instant) -> Taken {
        let taken = taken(&error);
        let asked_again_at = now + rest_after(&error);
        let words = error.to_string();
        let before = self.lock().insert(lane, Failed { error, asked_again_at });
        match before.is_some_and(|before| before.error.to_string() == words) {
            true => tracing::debug!(%lane, error = words, "lane still cannot be taken from"),
            false => tracing::warn!(%lane, error = words, "lane cannot be taken from"),
        }
        taken
    }
}

/// Pure. What is refused is refused for this lane.
fn taken(error: &BrokerError) -> Taken {
    match error {
        BrokerError::Unavailable(_) => Taken::NotNow,
        BrokerError::Denied(_) | BrokerError::Differs(_) => Taken::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use job::{Priority, Resource};

    use super::*;

    #[test]
    fn a_forbidden_lane_counts_as_empty_and_is_asked_for_rarely() {
        let (taking, now) = (Taking::default(), Instant::now());
        let lane = |priority| Lane { resource: Resource::Videos, priority };
        let high = lane(Priority::High);
        assert_eq!(taking.fails(high, BrokerError::Denied("no".into()), now), Taken::Nothing);
        let later = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(taking.rests(high, later(4)), Some(Taken::Nothing));
        assert_eq!(taking.rests(high, later(5)), None, "asked again");
        assert_eq!(taking.rests(lane(Priority::Normal), now), None, "another lane");
    }

    #[test]
    fn a_broker_that_does_not_answer_is_no_empty_lane() {
        let (taking, now) = (Taking::default(), Instant::now());
        let lane = Lane { resource: Resource::Videos, priority: Priority::High };
        assert_eq!(taking.fails(lane, BrokerError::Unavailable("x".into()), now), Taken::NotNow);
        assert_eq!(taking.rests(lane, now), Some(Taken::NotNow));
        assert_eq!(taking.rests(lane, now + Duration::from_secs(1)), None);
    }
}
