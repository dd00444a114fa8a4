use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use job::{Moment, Timestamp};
use uuid::Uuid;

/// Time and random values, so that a simulation can control both.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;

    /// Uniform in [0, 1).
    fn jitter(&self) -> f64;

    /// A new, unique id.
    fn fresh_id(&self) -> Uuid;

    async fn sleep(&self, duration: Duration);

    /// Since when [`now`](Self::now) has run steadily, as far as this process has seen.
    fn steady_since(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    fn moment(&self) -> Moment {
        let (now, steady_since) = (self.now(), self.steady_since());
        Moment { now, steady_since, jitter: self.jitter() }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn jitter(&self) -> f64 {
        rand::random()
    }

    fn fresh_id(&self) -> Uuid {
        Uuid::new_v4()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
