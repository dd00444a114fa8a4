use job::Timestamp;
use ports::{Clock, SystemClock};
use tokio::time::Instant;

/// The start of simulated time; any time would do, as long as it is always the same.
const DAWN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The clock of a store: it runs with that of the runtime, which a simulation pauses and advances.
#[derive(Clone, Copy, Debug)]
pub struct StoreTime {
    base: Timestamp,
    started: Instant,
}

impl StoreTime {
    /// Starts at the same time in every run.
    pub fn simulated() -> Self {
        Self { base: DAWN, started: Instant::now() }
    }

    /// The system's time, for stores that are used without a simulation.
    pub fn of_wall() -> Self {
        Self { base: SystemClock.now(), started: Instant::now() }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.base + self.started.elapsed()
    }

    /// Milliseconds since the start.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
