use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// Shows that a runtime gives its tasks their turns.
#[derive(Clone)]
pub(super) struct Pulse {
    began: Instant,
    /// The last beat, in milliseconds since then.
    last: Arc<AtomicU64>,
    stuck: Duration,
}

impl Pulse {
    /// Beats on this runtime until that ends.
    pub(super) fn of(runtime: &Handle, stuck: Duration) -> Self {
        let pulse = Self { began: Instant::now(), last: Arc::default(), stuck };
        let beating = pulse.clone();
        runtime.spawn(async move {
            loop {
                beating.last.store(beating.millis(), Ordering::Relaxed);
                tokio::time::sleep(beating.stuck / 10).await;
            }
        });
        pulse
    }

    pub(super) fn is_there(&self) -> bool {
        let silent = self.millis().saturating_sub(self.last.load(Ordering::Relaxed));
        Duration::from_millis(silent) < self.stuck
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
