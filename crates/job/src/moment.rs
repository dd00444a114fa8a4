use crate::Timestamp;

/// Time and a random value, the inputs of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Timestamp,
    /// Since when the clock has shown no jump; the epoch for a clock that cannot jump.
    pub steady_since: Timestamp,
    /// Uniform in [0, 1): spreads looks and retries.
    pub jitter: f64,
}
