//! A word for somebody who waits for jobs that nobody submits.

use std::time::Duration;

use ports::Members;
use tokio::time::Instant;

/// Longer than a role takes to start, and than it takes to join a ledger that has lost its data.
const AFTER: Duration = Duration::from_secs(5);

/// Between two questions to the ledger.
const EVERY: Duration = Duration::from_secs(1);

pub(super) const NO_WORKER: &str =
    "no worker is alive: `reelwork worker` or `reelwork up` submits jobs";

/// Whether any owner was alive in the ledger. A poller is an owner too, and does not say that it is
/// one: then it cannot be known whether there is a worker.
#[derive(Debug, Default)]
pub(super) struct NoWorker {
    asked: Option<Instant>,
    /// Since when no owner is alive.
    nobody_since: Option<Instant>,
    told: bool,
}

impl NoWorker {
    /// Whether it is to be told now, once. `queued`: a job waits for a worker.
    pub(super) async fn is_new(&mut self, ledger: &dyn Members, queued: bool) -> bool {
        let now = Instant::now();
        if !queued {
            self.nobody_since = None;
        }
        let soon = self.asked.is_some_and(|asked| now.duration_since(asked) < EVERY);
        if self.told || soon || !queued {
            return false;
        }
        self.asked = Some(now);
        // A ledger that does not answer tells nothing.
        let alive = ledger.any_alive().await.unwrap_or(true);
        self.heard(alive, now)
    }

    fn heard(&mut self, alive: bool, now: Instant) -> bool {
        self.nobody_since = match alive {
            true => None,
            false => Some(self.nobody_since.unwrap_or(now)),
        };
        let long = |since| now.duration_since(since) >= AFTER;
        self.told = self.nobody_since.is_some_and(long);
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_when_nobody_was_alive_for_seconds_without_a_break() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut nobody = NoWorker::default();
        let heard = [(0, false), (4, false), (5, true), (6, false), (10, false)];
        for (seconds, alive) in heard {
            assert!(!nobody.heard(alive, at(seconds)), "{seconds}");
        }
        assert!(nobody.heard(false, at(11)));
    }
}
