//! In which order deliveries are worked on around a rebuild.
//!
//! What may have been sent may be running without anybody knowing its slot. It must be first when
//! the ledger opens, so until then it is kept in hand: on the ladder it would end up behind jobs
//! that take that slot.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job::Reached;
use ports::Delivery;
use recorder::{LEASE, Phase};
use tokio::sync::{Mutex, OwnedSemaphorePermit};
use tokio::time::Instant;

use crate::ending::Trouble;
use crate::shared::Shared;

/// For the rebuild itself, before it is known when the ledger opens.
const REBUILD: Duration = Duration::from_secs(60);

/// RabbitMQ ends a consumer that keeps a delivery for half an hour.
const LONGEST: Duration = Duration::from_secs(20 * 60);

const LOOK: Duration = Duration::from_millis(50);

/// So long does what was surely not sent fill the lane's window while others are recalled.
const MAKES_ROOM: Duration = Duration::from_millis(100);

/// What makes room goes to the end of its lane: no more than these lose their places.
const MOST_MAKE_ROOM: u32 = 32;

/// Where deliveries of one lane wait for a place, one at a time, so that no lane crowds out another.
#[derive(Default)]
pub(crate) struct Queue {
    first: Mutex<()>,
    /// Since the lane was last open.
    made_room: AtomicU32,
}

/// What a delivery finds when it asks to be worked on.
pub(crate) enum Come {
    /// Its turn, and a place to work.
    Place(OwnedSemaphorePermit),
    /// What may have been sent can lie behind it: it goes back to let that come.
    MakesRoom,
}

/// The patience for one delivery.
pub(crate) struct Turn<'a> {
    shared: &'a Shared,
    queue: &'a Queue,
    reached: Reached,
    until: Instant,
}

impl<'a> Turn<'a> {
    pub(crate) fn of(shared: &'a Shared, queue: &'a Queue, delivery: &Delivery) -> Self {
        let patience = patience(shared.settings.post_timeout);
        Self { shared, queue, reached: delivery.reached(), until: Instant::now() + patience }
    }

    /// A place to work, once it is this delivery's turn. Whoever waits for its turn takes none.
    /// `None`: the worker ends.
    pub(crate) async fn come(&self) -> Option<Come> {
        loop {
            let since = Instant::now();
            while self.waits() {
                if since.elapsed() >= MAKES_ROOM && self.makes_room() {
                    return Some(Come::MakesRoom);
                }
                tokio::time::sleep(LOOK).await;
            }
            let first = self.queue.first.lock().await;
            let place = self.shared.in_progress.clone().acquire_owned().await.ok()?;
            drop(first);
            if !self.waits() {
                if self.shared.session.phase() == Phase::Open {
                    self.queue.made_room.store(0, Ordering::Relaxed);
                }
                return Some(Come::Place(place));
            }
        }
    }

    fn makes_room(&self) -> bool {
        let fresh = self.reached < Reached::Provider;
        let made_room = &self.queue.made_room;
        self.is_recalling() && fresh && made_room.fetch_add(1, Ordering::Relaxed) < MOST_MAKE_ROOM
    }

    /// Whether to try again rather than put it on the ladder.
    pub(crate) fn is_kept_after(&self, trouble: &Trouble) -> bool {
        self.reached == Reached::Provider && is_of_the_ledger(trouble) && self.has_time()
    }

    fn waits(&self) -> bool {
        // The others' time ends by itself, soon: who let them pass for long may still not go first.
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

/// Pure. On the ladder a message that may have been sent would let a copy pass that was not. Whether
/// it was written down meanwhile, the next try sees.
fn is_of_the_ledger(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Untouched(_) | Trouble::Ledger(_) => !trouble.is_of_one_job(),
        Trouble::Unsent { .. }
        | Trouble::Broker(_)
        | Trouble::Unjournaled { .. }
        | Trouble::Illegal(_) => false,
    }
}

/// Pure. A ledger that lost something opens one lease and one POST after it was noticed; until
/// then a delivery is kept. Beyond the limit it waits on the ladder after all.
fn patience(post_timeout: Duration) -> Duration {
    (REBUILD + LEASE + post_timeout).min(LONGEST)
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
        assert!(is_of_the_ledger(&Trouble::Untouched(away())));
        assert!(is_of_the_ledger(&Trouble::Ledger(away())), "written or not");
        assert!(is_of_the_ledger(&Trouble::Ledger(LedgerError::Fenced)));
        let corrupt = LedgerError::Corrupt { key: "a".into(), cause: "b".into() };
        assert!(!is_of_the_ledger(&Trouble::Ledger(corrupt)), "of one job");
        let unsent = Trouble::Unsent { intent: "i".into(), error: away() };
        assert!(!is_of_the_ledger(&unsent), "the next copy tells that it was not sent");
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
