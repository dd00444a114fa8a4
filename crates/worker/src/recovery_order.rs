//! The order in which deliveries are worked on around a rebuild of the ledger.
//!
//! A job that may have been sent may be running in a slot that the ledger does not know. It must be
//! first when the ledger opens, so until then it is kept in hand: in a delay queue it would end up
//! behind jobs that take that slot.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job::Reached;
use ports::Delivery;
use recorder::{LEASE, Phase};
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::Instant;

use crate::error::Error;
use crate::shared::Shared;

/// For the rebuild itself, before it is known when the ledger opens.
const REBUILD: Duration = Duration::from_secs(60);

/// RabbitMQ ends a consumer that keeps a delivery for half an hour.
const LONGEST: Duration = Duration::from_secs(20 * 60);

const LOOK: Duration = Duration::from_millis(50);

/// So long may jobs that were not sent fill the lane's window during the recall.
const MAKE_ROOM: Duration = Duration::from_millis(100);

/// A job that makes room goes to the end of its lane: no more than these lose their places.
const MOST_MAKE_ROOM: u32 = 32;

/// Where deliveries of one lane wait for a place, one at a time, so that no lane crowds out another.
#[derive(Default)]
pub(crate) struct LaneOrder {
    first: Mutex<()>,
    /// Deliveries that went back since the ledger was last open.
    made_room: AtomicU32,
}

/// What a delivery does next.
pub(crate) enum Next {
    /// It is worked on, in this place.
    Start(OwnedSemaphorePermit),
    /// It goes back: a job that may have been sent can be behind it.
    MakeRoom,
}

/// The order for one delivery.
pub(crate) struct RecoveryOrder<'a> {
    shared: &'a Shared,
    lane: &'a LaneOrder,
    reached: Reached,
    until: Instant,
}

impl<'a> RecoveryOrder<'a> {
    pub(crate) fn of(shared: &'a Shared, lane: &'a LaneOrder, delivery: &Delivery) -> Self {
        let patience = patience(shared.settings.post_timeout);
        Self { shared, lane, reached: delivery.reached(), until: Instant::now() + patience }
    }

    /// Waits for this delivery's turn, and only then for a place. `None`: the worker ends.
    pub(crate) async fn wait(&self) -> Option<Next> {
        loop {
            let since = Instant::now();
            while self.waits() {
                if since.elapsed() >= MAKE_ROOM && self.makes_room() {
                    return Some(Next::MakeRoom);
                }
                tokio::time::sleep(LOOK).await;
            }
            let first = self.lane.first.lock().await;
            let place = self.shared.in_progress.clone().acquire_owned().await.ok()?;
            drop(first);
            if !self.waits() {
                if self.shared.session.phase() == Phase::Open {
                    self.lane.made_room.store(0, Ordering::Relaxed);
                }
                return Some(Next::Start(place));
            }
        }
    }

    fn makes_room(&self) -> bool {
        let fresh = self.reached < Reached::Provider;
        let made_room = &self.lane.made_room;
        self.is_recalling() && fresh && made_room.fetch_add(1, Ordering::Relaxed) < MOST_MAKE_ROOM
    }

    /// Whether it is tried again in hand, rather than after a wait in a delay queue.
    pub(crate) fn is_kept_after(&self, error: &Error) -> bool {
        self.reached == Reached::Provider && is_of_the_ledger(error) && self.has_time()
    }

    fn waits(&self) -> bool {
        // The recall ends soon: a delivery that waited long may still not go first.
        is_before_its_turn(self.shared.session.phase(), self.reached)
            && (self.is_recalling() || self.has_time())
    }

    fn is_recalling(&self) -> bool {
        self.shared.session.phase() == Phase::Recalling
    }

    fn has_time(&self) -> bool {
        Instant::now() < self.until
    }
}

/// Pure. In a delay queue a message that may have been sent would be passed by a copy that was not.
/// The next try shows what was written meanwhile.
fn is_of_the_ledger(error: &Error) -> bool {
    match error {
        Error::Untouched(_) | Error::Ledger(_) => !error.is_of_one_job(),
        Error::Unsent { .. } | Error::Broker(_) | Error::Unjournaled { .. } | Error::Illegal(_) => {
            false
        }
    }
}

/// Pure. A ledger that lost records opens one lease and one POST after that was noticed; until then
/// a delivery is kept. After that it waits in a delay queue.
fn patience(post_timeout: Duration) -> Duration {
    (REBUILD + LEASE + post_timeout).min(LONGEST)
}

/// Pure. A job that was not sent goes back to the broker while the ledger is closed.
fn is_before_its_turn(phase: Phase, reached: Reached) -> bool {
    match phase {
        Phase::Rebuilding | Phase::Closed => reached == Reached::Provider,
        Phase::Recalling => reached < Reached::Provider,
        Phase::Open => false,
    }
}

#[cfg(test)]
mod tests {
    use ports::LedgerError;

    use super::*;

    #[test]
    fn a_delivery_is_kept_until_a_ledger_that_lost_something_opens() {
        let opens_after = |post: Duration| LEASE + post;
        for seconds in [1, 60, 600] {
            let post = Duration::from_secs(seconds);
            assert!(patience(post) > opens_after(post) + Duration::from_secs(30), "{seconds} s");
        }
        assert_eq!(patience(Duration::from_secs(3600)), LONGEST);
    }

    #[test]
    fn what_may_have_been_sent_is_kept_while_the_ledger_does_not_answer() {
        let away = || LedgerError::Unavailable("away".into());
        assert!(is_of_the_ledger(&Error::Untouched(away())));
        assert!(is_of_the_ledger(&Error::Ledger(away())), "written or not");
        assert!(is_of_the_ledger(&Error::Ledger(LedgerError::Fenced)));
        let corrupt = LedgerError::Corrupt { key: "a".into(), cause: "b".into() };
        assert!(!is_of_the_ledger(&Error::Ledger(corrupt)), "of one job");
        let unsent = Error::Unsent { intent: "i".into(), error: away() };
        assert!(!is_of_the_ledger(&unsent), "the next copy says that it was not sent");
    }

    #[test]
    fn what_may_have_been_sent_comes_first_after_a_rebuild() {
        let waits = |phase| {
            [Reached::Nothing, Reached::Ledger, Reached::Provider]
                .map(|reached| is_before_its_turn(phase, reached))
        };
        assert_eq!(waits(Phase::Rebuilding), [false, false, true]);
        assert_eq!(waits(Phase::Closed), [false, false, true]);
        assert_eq!(waits(Phase::Recalling), [true, true, false]);
        assert_eq!(waits(Phase::Open), [false, false, false]);
    }
}
