use job::Timestamp;
use ports::{Clock, SystemClock};
use tokio::time::Instant;

/// Where simulated time begins; any moment would do, as long as it is always the same.
const DAWN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The clock of a store: it runs with the runtime's, which a simulation pauses and winds on.
#[derive(Clone, Copy, Debug)]
pub struct StoreTime {
    base: Timestamp,
    started: Instant,
}

impl StoreTime {
    /// Begins at the same moment in every run.
    pub fn simulated() -> Self {
        Self { base: DAWN, started: Instant::now() }
    }

    /// The time of the system, for stores that are used without a simulation.
    pub fn of_wall() -> Self {
        Self { base: SystemClock.now(), started: Instant::now() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.base + self.started.elapsed()
    }

    /// Milliseconds since the beginning.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
