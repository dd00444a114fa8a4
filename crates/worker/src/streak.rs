use tokio::time::Instant;

use crate::backoff::SHORT;

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streak {
    failures: u32,
    /// Several requests met the first of them.
    several: bool,
    last_at: Option<Instant>,
}

impl Streak {
    /// Requests that were under way together meet one failure, not many.
    pub(crate) fn add(&mut self, sent_at: Instant, now: Instant) {
        if self.last_at.is_some_and(|at| sent_at <= at) {
            return self.several();
        }
        self.failures += 1;
        self.last_at = Some(now);
    }

    /// A failure that another worker reported, counted once. `false`: its request was sent before
    /// the last failure, so it is known or this worker's own. Clocks are read anew each time.
    pub(crate) fn add_reported(&mut self, sent_at: Instant) -> bool {
        let news = self.last_at.is_none_or(|at| sent_at > at + SHORT / 2);
        if news {
            self.add(sent_at, sent_at);
        }
        news
    }

    /// Whether all failures were before a request that was sent then and understood.
    pub(crate) fn is_before(&self, sent_at: Instant) -> bool {
        self.last_at.is_some_and(|at| at <= sent_at)
    }

    pub(crate) fn several(&mut self) {
        self.several |= self.failures == 1;
    }

    pub(crate) fn is_none(&self) -> bool {
        self.failures == 0
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Where several requests met the first failure, none need probe whether it was one job's own.
    pub(crate) fn tries(&self) -> u32 {
        self.failures + u32::from(self.several)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_that_fail_together_are_two_failures_at_most() {
        let (mut streak, now) = (Streak::default(), Instant::now());
        streak.add(now, now);
        assert_eq!(streak.tries(), 1);
        (0..25).for_each(|_| streak.add(now, now));
        assert_eq!((streak.tries(), streak.failures()), (2, 1));
        let later = now + Duration::from_secs(1);
        (0..2).for_each(|_| streak.add(later, later));
        assert_eq!((streak.tries(), streak.failures()), (3, 2));
    }
}
