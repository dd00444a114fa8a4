use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// Whether a runtime still runs its tasks.
#[derive(Clone)]
pub(super) struct Liveness {
    began: Instant,
    /// When the task last ran, in milliseconds after `began`.
    last: Arc<AtomicU64>,
    stuck: Duration,
}

impl Liveness {
    /// Watches this runtime until it ends.
    pub(super) fn of(runtime: &Handle, stuck: Duration) -> Self {
        let liveness = Self { began: Instant::now(), last: Arc::default(), stuck };
        let watched = liveness.clone();
        runtime.spawn(async move {
            loop {
                watched.last.store(watched.millis(), Ordering::Relaxed);
                tokio::time::sleep(watched.stuck / 10).await;
            }
        });
        liveness
    }

    pub(super) fn is_alive(&self) -> bool {
        let silent = self.millis().saturating_sub(self.last.load(Ordering::Relaxed));
        Duration::from_millis(silent) < self.stuck
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
