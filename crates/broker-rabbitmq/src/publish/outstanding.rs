use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

/// Futures that wait concurrently, each with an increasing number.
///
/// Unlike `FuturesUnordered`, [`drain`](Self::drain) returns only when every future that was woken
/// before any of the returned results has been polled too. `returns` depends on this.
pub(crate) struct Outstanding<F, T> {
    waiting: BTreeMap<u64, Waiting<F, T>>,
    woken: Arc<Woken>,
    issued: u64,
}

struct Waiting<F, T> {
    future: F,
    waker: Waker,
    tag: T,
}

#[derive(Default)]
struct Woken {
    numbers: Mutex<Vec<u64>>,
    task: AtomicWaker,
}

impl Woken {
    fn numbers(&self) -> MutexGuard<'_, Vec<u64>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes one future: its number is stored before the task is woken.
struct Bell {
    number: u64,
    woken: Arc<Woken>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.woken.numbers().push(self.number);
        self.woken.task.wake();
    }
}

impl<F: Future + Unpin, T> Outstanding<F, T> {
    pub(crate) fn new() -> Self {
        Self { waiting: BTreeMap::new(), woken: Arc::default(), issued: 0 }
    }

    /// Adds a future; it is polled by the next [`drain`](Self::drain).
    pub(crate) fn push(&mut self, future: F, tag: T) {
        self.issued += 1;
        let number = self.issued;
        let woken = self.woken.clone();
        let bell = Arc::new(Bell { number, woken });
        let waker = Waker::from(bell);
        waker.wake_by_ref();
        self.waiting.insert(number, Waiting { future, waker, tag });
    }

    /// All results that are ready; waits for the first.
    pub(crate) async fn drain(&mut self) -> Vec<(T, F::Output)> {
        std::future::poll_fn(|cx| {
            self.woken.task.register(cx.waker());
            match self.ready() {
                done if done.is_empty() => Poll::Pending,
                done => Poll::Ready(done),
            }
        })
        .await
    }

    /// All results that are ready now.
    pub(crate) fn ready(&mut self) -> Vec<(T, F::Output)> {
        let mut done = Vec::new();
        loop {
            let numbers = std::mem::take(&mut *self.woken.numbers());
            if numbers.is_empty() {
                return done;
            }
            for number in numbers {
                done.extend(self.poll(number));
            }
        }
    }

    fn poll(&mut self, number: u64) -> Option<(T, F::Output)> {
        let waiting = self.waiting.get_mut(&number)?;
        let mut context = Context::from_waker(&waiting.waker);
        match Pin::new(&mut waiting.future).poll(&mut context) {
            Poll::Ready(output) => {
                let tag = self.waiting.remove(&number)?.tag;
                Some((tag, output))
            }
            Poll::Pending => None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The last number that was assigned.
    pub(crate) fn newest(&self) -> u64 {
        self.issued
    }

    /// The lowest number still waiting.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.waiting.keys().next().copied()
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = &T> {
        self.waiting.values().map(|waiting| &waiting.tag)
    }

    pub(crate) fn into_tags(self) -> impl Iterator<Item = T> {
        self.waiting.into_values().map(|waiting| waiting.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_was_ready_before_comes_along() {
        let mut outstanding = Outstanding::new();
        let (first, one) = oneshot::channel::<u32>();
        let (second, two) = oneshot::channel::<u32>();
        let (_third, three) = oneshot::channel::<u32>();
        outstanding.push(one, "one");
        outstanding.push(two, "two");
        outstanding.push(three, "three");
        assert!(outstanding.ready().is_empty());
        second.send(2).unwrap();
        first.send(1).unwrap();
        let done = outstanding.drain().await;
        assert_eq!(done, [("two", Ok(2)), ("one", Ok(1))]);
        assert_eq!(outstanding.oldest(), Some(3));
        assert_eq!(outstanding.len(), 1);
    }

    #[tokio::test]
    async fn draining_waits_and_is_woken() {
        let mut outstanding = Outstanding::new();
        let (answer, waiting) = oneshot::channel::<u32>();
        outstanding.push(waiting, ());
        let answering = tokio::spawn(async move { answer.send(7) });
        let deadline = std::time::Duration::from_secs(5);
        let drained = tokio::time::timeout(deadline, outstanding.drain()).await;
        assert_eq!(drained.unwrap(), [((), Ok(7))]);
        answering.await.unwrap().unwrap();
    }
}
