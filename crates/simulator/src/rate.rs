//! The request rate: at most N accepted passes in any window of one second.

use std::collections::VecDeque;

const WINDOW_US: u64 = 1_000_000;

#[derive(Debug, Default)]
pub(crate) struct RateWindow {
    passes: VecDeque<u64>,
}

impl RateWindow {
    /// Lets a request pass at `now_us` unless `limit` others passed less than a second ago.
    pub(crate) fn admit(&mut self, now_us: u64, limit: u32) -> bool {
        if limit == 0 {
            self.passes.clear();
            return true;
        }
        while self.passes.front().is_some_and(|at| now_us.saturating_sub(*at) >= WINDOW_US) {
            self.passes.pop_front();
        }
        let free = self.passes.len() < limit as usize;
        if free {
            self.passes.push_back(now_us);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_holds_more_than_the_limit() {
        let mut rate = RateWindow::default();
        let passed: Vec<u64> =
            (0..40).map(|n| n * 100_000).filter(|at| rate.admit(*at, 3)).collect();
        assert_eq!(passed.len(), 12);
        for window in passed.windows(4) {
            assert!(window[3] - window[0] >= WINDOW_US, "{window:?}");
        }
    }

    #[test]
    fn zero_is_unlimited() {
        let mut rate = RateWindow::default();
        assert!((0..1_000).all(|_| rate.admit(5, 0)));
    }
}
