use crate::Timestamp;

/// Time and chance, brought in from outside.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Timestamp,
    /// Since when `now` has not been seen to jump; the epoch for a clock that cannot.
    pub steady_since: Timestamp,
    /// Uniform in [0, 1): spreads looks and retries.
    pub jitter: f64,
}
