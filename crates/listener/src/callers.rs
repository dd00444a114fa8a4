//! The open connections, and which of them is closed when there are too many.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The flag of a connection is set while this exists, which is while a response is made.
pub(crate) struct Working(Arc<AtomicBool>);

impl Working {
    pub(crate) fn begun(working: &Arc<AtomicBool>) -> Self {
        working.store(true, Ordering::SeqCst);
        Self(working.clone())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// The open connections, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Callers(Arc<Mutex<BTreeMap<u64, Known>>>);

struct Known {
    working: Arc<AtomicBool>,
    cut: CancellationToken,
}

/// One open connection; dropping it removes it from [`Callers`].
pub(crate) struct Caller {
    number: u64,
    pub(crate) working: Arc<AtomicBool>,
    pub(crate) cut: CancellationToken,
    all: Callers,
}

impl Callers {
    /// At the limit, closes the oldest connection without a request in progress. `None` if there is
    /// none.
    pub(crate) fn admit(&self, most: usize) -> Option<Caller> {
        let mut known = self.lock();
        if known.len() >= most {
            let idle = |known: &Known| !known.working.load(Ordering::SeqCst);
            let (number, _) = known.iter().find(|(_, caller)| idle(caller))?;
            let number = *number;
            known.remove(&number)?.cut.cancel();
        }
        let number = known.last_key_value().map_or(0, |(last, _)| last + 1);
        let (working, cut) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
        known.insert(number, Known { working: working.clone(), cut: cut.clone() });
        Some(Caller { number, working, cut, all: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // After a cut, another connection may have this number.
        if !self.cut.is_cancelled() {
            self.all.lock().remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_longest_makes_place_and_who_works_does_not() {
        let callers = Callers::default();
        let [first, second] = [(); 2].map(|()| callers.admit(2).unwrap());
        let working = Working::begun(&first.working);
        let third = callers.admit(2).unwrap();
        assert!(second.cut.is_cancelled() && !first.cut.is_cancelled());
        let _third_works = Working::begun(&third.working);
        assert!(callers.admit(2).is_none(), "all are at work");
        drop((second, working));
        assert!(callers.admit(2).is_some() && first.cut.is_cancelled());
    }
}
