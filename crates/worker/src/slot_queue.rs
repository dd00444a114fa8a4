//! Deliveries in hand that wait for a slot: high before normal before low, each in the order in
//! which it came.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::Priority;
use tokio::sync::oneshot;

/// RabbitMQ ends a consumer that keeps a delivery for half an hour.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Leave to ask for a slot once. Whoever gave it learns what came of it.
#[derive(Debug)]
pub(crate) struct Try {
    tell: Mutex<Option<oneshot::Sender<Tried>>>,
    pub(crate) otherwise: Otherwise,
    /// Its place in the queue, once it has waited.
    number: Option<u64>,
}

/// What a delivery does that gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// It stays in hand.
    Waits,
    /// It is put back, so that others can be looked at.
    GoesBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It has a slot, or needs none.
    Over,
    Refused,
}

/// Comes to an end with the [`Try`].
pub(crate) struct Outcome(oneshot::Receiver<Tried>);

impl Outcome {
    pub(crate) async fn known(self) -> Tried {
        self.0.await.unwrap_or(Tried::Over)
    }
}

impl Try {
    /// Nobody waits for what comes of it.
    pub(crate) fn unwatched() -> Self {
        Self { tell: Mutex::default(), otherwise: Otherwise::Waits, number: None }
    }

    pub(crate) fn watched(otherwise: Otherwise) -> (Self, Outcome) {
        let (tell, told) = oneshot::channel();
        (Self { tell: Mutex::new(Some(tell)), otherwise, number: None }, Outcome(told))
    }

    pub(crate) fn granted(&self) {
        self.tell(Tried::Over);
    }

    pub(crate) fn refused(&self) {
        self.tell(Tried::Refused);
    }

    fn tell(&self, tried: Tried) {
        if let Some(tell) = lock(&self.tell).take() {
            // Whoever gave it may have waited long enough.
            let _ = tell.send(tried);
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct SlotQueue {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    first: BTreeMap<(Priority, u64), Asking>,
    numbers: u64,
}

#[derive(Debug)]
struct Asking {
    need: u32,
    call: oneshot::Sender<Try>,
}

/// Who is first of a priority.
#[derive(Debug)]
pub(crate) enum Called {
    /// It asks for so many slots now.
    Asks(u32),
    /// It needs more than are free.
    TooWide,
    Nobody(Try),
}

impl SlotQueue {
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.waiting).first.is_empty()
    }

    /// Waits to be called; `None` once it has waited too long. One that waited before keeps its
    /// place.
    pub(crate) async fn wait(&self, priority: Priority, need: u32, refused: Try) -> Option<Try> {
        let (call, called) = oneshot::channel();
        let place = {
            let mut waiting = lock(&self.waiting);
            waiting.numbers += 1;
            let number = refused.number.unwrap_or(waiting.numbers);
            waiting.first.insert((priority, number), Asking { need, call });
            Place { queue: self, place: (priority, number) }
        };
        // Only now: whoever is told looks into the queue.
        refused.refused();
        let called = tokio::time::timeout(LONGEST, called).await.ok()?.ok()?;
        Some(Try { number: Some(place.place.1), ..called })
    }

    /// Lets the first of this priority ask, if it needs no more than are free.
    pub(crate) fn call(&self, priority: Priority, free: u32, leave: Try) -> Called {
        let mut waiting = lock(&self.waiting);
        let mut leave = leave;
        loop {
            let of_priority = (priority, 0)..=(priority, u64::MAX);
            let Some((place, need)) = waiting
                .first
                .range(of_priority)
                .next()
                .map(|(place, asking)| (*place, asking.need))
            else {
                return Called::Nobody(leave);
            };
            if need > free {
                return Called::TooWide;
            }
            let Some(asking) = waiting.first.remove(&place) else { return Called::Nobody(leave) };
            match asking.call.send(leave) {
                Ok(()) => return Called::Asks(need),
                // It has just given up.
                Err(unheard) => leave = unheard,
            }
        }
    }

    /// The pool is not full any more: everybody asks.
    pub(crate) fn call_all(&self) {
        let all = std::mem::take(&mut lock(&self.waiting).first);
        for (_, asking) in all {
            // One that has given up asks for nothing.
            let _ = asking.call.send(Try::unwatched());
        }
    }
}

/// Leaves the queue with whoever waits.
struct Place<'a> {
    queue: &'a SlotQueue,
    place: (Priority, u64),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(&self.queue.waiting).first.remove(&self.place);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn is_called<F: Future<Output = Option<Try>>>(future: Pin<&mut F>) -> bool {
        matches!(poll(future), Poll::Ready(Some(_)))
    }

    fn leave() -> Try {
        Try::unwatched()
    }

    #[tokio::test(start_paused = true)]
    async fn they_are_called_by_priority_and_in_order() {
        let queue = SlotQueue::default();
        let mut first = pin!(queue.wait(Priority::Normal, 1, leave()));
        let mut second = pin!(queue.wait(Priority::Normal, 1, leave()));
        let mut low = pin!(queue.wait(Priority::Low, 1, leave()));
        assert!(!is_called(first.as_mut()) && !is_called(second.as_mut()));
        assert!(!is_called(low.as_mut()));
        assert!(matches!(queue.call(Priority::High, 5, leave()), Called::Nobody(_)));
        assert!(matches!(queue.call(Priority::Normal, 5, leave()), Called::Asks(1)));
        assert!(!is_called(second.as_mut()) && !is_called(low.as_mut()));
        assert!(is_called(first.as_mut()));
        assert!(matches!(queue.call(Priority::Low, 5, leave()), Called::Asks(1)));
        assert!(is_called(low.as_mut()) && !is_called(second.as_mut()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wide_one_keeps_its_place_until_there_is_room() {
        let queue = SlotQueue::default();
        let mut wide = pin!(queue.wait(Priority::Normal, 9, leave()));
        let mut narrow = pin!(queue.wait(Priority::Normal, 1, leave()));
        assert!(!is_called(wide.as_mut()) && !is_called(narrow.as_mut()));
        assert!(matches!(queue.call(Priority::Normal, 8, leave()), Called::TooWide));
        assert!(matches!(queue.call(Priority::Normal, 9, leave()), Called::Asks(9)));
        let Poll::Ready(Some(again)) = poll(wide.as_mut()) else { panic!("it was called") };
        let mut wide = pin!(queue.wait(Priority::Normal, 9, again));
        assert!(!is_called(wide.as_mut()));
        assert!(matches!(queue.call(Priority::Normal, 1, leave()), Called::TooWide), "still first");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gave_leave_learns_what_came_of_it() {
        let queue = SlotQueue::default();
        let (asked, outcome) = Try::watched(Otherwise::Waits);
        let mut waits = pin!(queue.wait(Priority::Normal, 1, asked));
        assert!(!is_called(waits.as_mut()));
        assert_eq!(outcome.known().await, Tried::Refused);
        let (granted, outcome) = Try::watched(Otherwise::Waits);
        granted.granted();
        assert_eq!(outcome.known().await, Tried::Over);
        let (dropped, outcome) = Try::watched(Otherwise::Waits);
        drop(dropped);
        assert_eq!(outcome.known().await, Tried::Over, "it needed none");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_or_is_dropped_leaves_the_queue() {
        let queue = SlotQueue::default();
        assert!(queue.wait(Priority::Normal, 1, leave()).await.is_none());
        assert!(queue.is_empty());
        {
            let mut dropped = pin!(queue.wait(Priority::Normal, 1, leave()));
            assert!(!is_called(dropped.as_mut()) && !queue.is_empty());
        }
        assert!(queue.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn all_are_called_when_the_pool_is_not_full() {
        let queue = SlotQueue::default();
        let mut wide = pin!(queue.wait(Priority::Normal, 9, leave()));
        let mut low = pin!(queue.wait(Priority::Low, 1, leave()));
        assert!(!is_called(wide.as_mut()) && !is_called(low.as_mut()));
        queue.call_all();
        assert!(is_called(wide.as_mut()) && is_called(low.as_mut()));
    }
}
