//! In which order deliveries are worked on around a rebuild.
//!
//! What may have been sent may be running without anybody knowing its slot. It must be first when
//! the ledger opens, so until then it is kept in hand: on the ladder it would end up behind jobs
//! that take that slot.

use std::time::Duration;

use ports::{Delivery, Phase, Reached};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::ending::Trouble;
use crate::shared::Shared;

/// No delivery is kept in hand for longer: then it waits on the ladder after all.
const LONGEST: Duration = Duration::from_secs(60);

const LOOK: Duration = Duration::from_millis(50);

/// The patience for one delivery.
pub(crate) struct Turn<'a> {
    shared: &'a Shared,
    reached: Reached,
    until: Instant,
}

impl<'a> Turn<'a> {
    pub(crate) fn of(shared: &'a Shared, delivery: &Delivery) -> Self {
        Self { shared, reached: delivery.reached(), until: Instant::now() + LONGEST }
    }

    /// A place to work, once it is this delivery's turn. Whoever waits for its turn takes none.
    pub(crate) async fn come(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            while self.waits() {
                tokio::time::sleep(LOOK).await;
            }
            let place = self.shared.in_progress.clone().acquire_owned().await.ok()?;
            if !self.waits() {
                return Some(place);
            }
        }
    }

    /// Whether to try again rather than put it on the ladder.
    pub(crate) fn is_kept_after(&self, trouble: &Trouble) -> bool {
        let untouched = trouble.reached() == Reached::Nothing;
        self.reached == Reached::Provider && untouched && self.has_time()
    }

    fn waits(&self) -> bool {
        is_before_its_turn(self.shared.session.phase(), self.reached) && self.has_time()
    }

    fn has_time(&self) -> bool {
        Instant::now() < self.until
    }
}

/// Pure. What was surely not sent goes back to the broker while the ledger is closed.
fn is_before_its_turn(phase: Phase, reached: Reached) -> bool {
    match phase {
        Phase::Rebuilding | Phase::Closed => reached == Reached::Provider,
        Phase::Recalling => reached < Reached::Provider,
        Phase::Open => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
