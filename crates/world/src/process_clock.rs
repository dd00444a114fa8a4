use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use job::Timestamp;
use memory::StoreTime;
use ports::Clock;
use uuid::Uuid;

use crate::life::Life;

/// How far a process's clock may be ahead of the store's.
pub(crate) const SKEW: Duration = Duration::from_millis(200);

/// Time and randomness of one process: its clock may be ahead, and stops with it.
pub(crate) struct ProcessClock {
    pub(crate) life: Arc<Life>,
    pub(crate) time: StoreTime,
    pub(crate) ahead: Duration,
}

#[async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.time.now() + self.ahead
    }

    fn jitter(&self) -> f64 {
        self.life.chance.unit()
    }

    fn fresh_id(&self) -> Uuid {
        Uuid::from_u64_pair(self.life.chance.next(), self.life.chance.next())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
        self.life.pass().await;
    }
}
