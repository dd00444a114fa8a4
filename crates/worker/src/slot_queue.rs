//! Deliveries in hand that wait for a slot: high before normal before low, each in the order in
//! which it came.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::Priority;
use tokio::sync::oneshot;

use crate::slot_request::SlotRequest;

/// RabbitMQ ends a consumer that keeps a delivery for half an hour.
const LONGEST: Duration = Duration::from_secs(15 * 60);

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
    call: oneshot::Sender<SlotRequest>,
}

/// The first of a priority.
#[derive(Debug)]
pub(crate) enum Called {
    /// It asks for so many slots now.
    Asks(u32),
    /// It needs more than are free.
    TooWide,
    Nobody(SlotRequest),
}

impl SlotQueue {
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.waiting).first.is_empty()
    }

    /// Waits to be called; `None` once it has waited too long. One that waited before keeps its
    /// place.
    pub(crate) async fn wait(
        &self,
        priority: Priority,
        need: u32,
        refused: SlotRequest,
    ) -> Option<SlotRequest> {
        let (call, called) = oneshot::channel();
        let place = {
            let mut waiting = lock(&self.waiting);
            waiting.numbers += 1;
            let number = refused.number.unwrap_or(waiting.numbers);
            waiting.first.insert((priority, number), Asking { need, call });
            Place { queue: self, place: (priority, number) }
        };
        // Only now: the receiver of the answer looks into the queue.
        refused.refused();
        let mut called = tokio::time::timeout(LONGEST, called).await.ok()?.ok()?;
        called.number = Some(place.place.1);
        Some(called)
    }

    /// Lets the first of this priority ask, if it needs no more than are free.
    pub(crate) fn call(&self, priority: Priority, free: u32, slot: SlotRequest) -> Called {
        let mut waiting = lock(&self.waiting);
        let mut slot = slot;
        loop {
            let of_priority = (priority, 0)..=(priority, u64::MAX);
            let Some((place, need)) = waiting
                .first
                .range(of_priority)
                .next()
                .map(|(place, asking)| (*place, asking.need))
            else {
                return Called::Nobody(slot);
            };
            if need > free {
                return Called::TooWide;
            }
            let Some(asking) = waiting.first.remove(&place) else { return Called::Nobody(slot) };
            match asking.call.send(slot) {
                Ok(()) => return Called::Asks(need),
                // It has just given up.
                Err(unsent) => slot = unsent,
            }
        }
    }

    /// The pool is not full any more: all ask for a slot.
    pub(crate) fn call_all(&self) {
        let all = std::mem::take(&mut lock(&self.waiting).first);
        for (_, asking) in all {
            // One that has given up asks for nothing.
            let _ = asking.call.send(SlotRequest::unwatched());
        }
    }
}

/// Leaves the queue when the delivery stops waiting.
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
    use crate::slot_request::{IfFull, SlotAnswer};

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn is_called<F: Future<Output = Option<SlotRequest>>>(future: Pin<&mut F>) -> bool {
        matches!(poll(future), Poll::Ready(Some(_)))
    }

    fn request() -> SlotRequest {
        SlotRequest::unwatched()
    }

    #[tokio::test(start_paused = true)]
    async fn they_are_called_by_priority_and_in_order() {
        let queue = SlotQueue::default();
        let mut first = pin!(queue.wait(Priority::Normal, 1, request()));
        let mut second = pin!(queue.wait(Priority::Normal, 1, request()));
        let mut low = pin!(queue.wait(Priority::Low, 1, request()));
        assert!(!is_called(first.as_mut()) && !is_called(second.as_mut()));
        assert!(!is_called(low.as_mut()));
        assert!(matches!(queue.call(Priority::High, 5, request()), Called::Nobody(_)));
        assert!(matches!(queue.call(Priority::Normal, 5, request()), Called::Asks(1)));
        assert!(!is_called(second.as_mut()) && !is_called(low.as_mut()));
        assert!(is_called(first.as_mut()));
        assert!(matches!(queue.call(Priority::Low, 5, request()), Called::Asks(1)));
        assert!(is_called(low.as_mut()) && !is_called(second.as_mut()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wide_one_keeps_its_place_until_there_is_room() {
        let queue = SlotQueue::default();
        let mut wide = pin!(queue.wait(Priority::Normal, 9, request()));
        let mut narrow = pin!(queue.wait(Priority::Normal, 1, request()));
        assert!(!is_called(wide.as_mut()) && !is_called(narrow.as_mut()));
        assert!(matches!(queue.call(Priority::Normal, 8, request()), Called::TooWide));
        assert!(matches!(queue.call(Priority::Normal, 9, request()), Called::Asks(9)));
        let Poll::Ready(Some(again)) = poll(wide.as_mut()) else { panic!("it was called") };
        let mut wide = pin!(queue.wait(Priority::Normal, 9, again));
        assert!(!is_called(wide.as_mut()));
        assert!(
            matches!(queue.call(Priority::Normal, 1, request()), Called::TooWide),
            "still first"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_delivery_that_waits_was_refused() {
        let queue = SlotQueue::default();
        let (asked, outcome) = SlotRequest::watched(IfFull::Wait);
        let mut waits = pin!(queue.wait(Priority::Normal, 1, asked));
        assert!(!is_called(waits.as_mut()));
        assert_eq!(outcome.known().await, SlotAnswer::Refused);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delivery_that_waits_too_long_or_is_dropped_leaves_the_queue() {
        let queue = SlotQueue::default();
        assert!(queue.wait(Priority::Normal, 1, request()).await.is_none());
        assert!(queue.is_empty());
        {
            let mut dropped = pin!(queue.wait(Priority::Normal, 1, request()));
            assert!(!is_called(dropped.as_mut()) && !queue.is_empty());
        }
        assert!(queue.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn all_are_called_when_the_pool_is_not_full() {
        let queue = SlotQueue::default();
        let mut wide = pin!(queue.wait(Priority::Normal, 9, request()));
        let mut low = pin!(queue.wait(Priority::Low, 1, request()));
        assert!(!is_called(wide.as_mut()) && !is_called(low.as_mut()));
        queue.call_all();
        assert!(is_called(wide.as_mut()) && is_called(low.as_mut()));
    }
}
