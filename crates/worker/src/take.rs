//! Takes single jobs from the lanes of a full pool. A lane that fails keeps no other from being
//! served.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use job::Lane;
use ports::BrokerError;
use tokio::time::Instant;

use crate::handler::Handler;
use crate::lane::retry_after;
use crate::slot_request::SlotRequest;

/// The result of taking one job from a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    One,
    /// The lane is empty, or must not be consumed.
    Nothing,
    /// The broker does not answer.
    NotNow,
}

/// Which lanes could not be taken from.
#[derive(Default)]
pub(crate) struct LaneTaker {
    failed: Mutex<BTreeMap<Lane, Failed>>,
}

struct Failed {
    error: BrokerError,
    retry_at: Instant,
}

impl LaneTaker {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Lane, Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn take(&self, handler: &Handler, slot: SlotRequest) -> Taken {
        if let Some(taken) = self.known(handler.lane, Instant::now()) {
            return taken;
        }
        match handler.shared.broker.take(handler.lane).await {
            Ok(delivery) => {
                self.lock().remove(&handler.lane);
                let Some(delivery) = delivery else { return Taken::Nothing };
                handler.spawn(delivery, slot);
                Taken::One
            }
            Err(error) => self.fails(handler.lane, error, Instant::now()),
        }
    }

    /// The last result, for as long as the lane is not tried again.
    fn known(&self, lane: Lane, now: Instant) -> Option<Taken> {
        let failed = self.lock();
        let failed = failed.get(&lane).filter(|failed| now < failed.retry_at)?;
        Some(taken(&failed.error))
    }

    /// Logged once for as long as it stays the same.
    fn fails(&self, lane: Lane, error: BrokerError, now: Instant) -> Taken {
        let taken = taken(&error);
        let retry_at = now + retry_after(&error);
        let words = error.to_string();
        let before = self.lock().insert(lane, Failed { error, retry_at });
        match before.is_some_and(|before| before.error.to_string() == words) {
            true => tracing::debug!(%lane, error = words, "lane still cannot be taken from"),
            false => tracing::warn!(%lane, error = words, "lane cannot be taken from"),
        }
        taken
    }
}

/// Pure. A refusal concerns this lane only.
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
    fn a_forbidden_lane_counts_as_empty_and_is_tried_rarely() {
        let (taker, now) = (LaneTaker::default(), Instant::now());
        let lane = |priority| Lane { resource: Resource::Videos, priority };
        let high = lane(Priority::High);
        assert_eq!(taker.fails(high, BrokerError::Denied("no".into()), now), Taken::Nothing);
        let later = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(taker.known(high, later(4)), Some(Taken::Nothing));
        assert_eq!(taker.known(high, later(5)), None, "tried again");
        assert_eq!(taker.known(lane(Priority::Normal), now), None, "another lane");
    }

    #[test]
    fn a_broker_that_does_not_answer_is_no_empty_lane() {
        let (taker, now) = (LaneTaker::default(), Instant::now());
        let lane = Lane { resource: Resource::Videos, priority: Priority::High };
        assert_eq!(taker.fails(lane, BrokerError::Unavailable("x".into()), now), Taken::NotNow);
        assert_eq!(taker.known(lane, now), Some(Taken::NotNow));
        assert_eq!(taker.known(lane, now + Duration::from_secs(1)), None);
    }
}
