//! How long to back off after errors.

use std::time::Duration;

/// An unreachable provider is tried this rarely at most, so that work goes on within 5 s.
const LONGEST_OUTAGE: Duration = Duration::from_secs(4);
/// Between two probes that may each cost a slot although the provider answers queries: so that work
/// goes on within 5 s after a short outage.
pub(crate) const UNCLEAR: Duration = Duration::from_millis(4_500);
pub(crate) const LONGEST_UNCLEAR: Duration = Duration::from_secs(60);
const LONGEST_REFUSAL: Duration = Duration::from_secs(30);
pub(crate) const SHORT: Duration = Duration::from_millis(250);
/// A probe without an answer by then keeps no other from probing; the next one, twice as long.
pub(crate) const PROBE_PATIENCE: Duration = Duration::from_secs(4);

/// After the first or second unclear answer. A single lost answer delays no other job for long.
pub(crate) fn first(unclear: u32) -> Duration {
    if unclear < 2 { SHORT } else { UNCLEAR }
}

/// After more unclear answers than two, where no slots need be spared.
pub(crate) fn doubled(times: u32) -> Duration {
    UNCLEAR.saturating_mul(2u32.saturating_pow(times.min(8))).min(LONGEST_UNCLEAR)
}

/// Of one route that is refused on the way: its jobs are put back meanwhile.
pub(crate) fn of_refusals(refusals: u32, jitter: f64) -> Duration {
    let ceiling = SHORT.saturating_mul(2u32.saturating_pow(refusals.saturating_sub(1).min(8)));
    jittered(ceiling.min(LONGEST_REFUSAL), jitter)
}

/// So that workers do not probe at once.
pub(crate) fn jittered(time: Duration, jitter: f64) -> Duration {
    time.mul_f64(0.9 + 0.1 * jitter)
}

/// Exponential with jitter, never less than 100 ms.
pub(crate) fn of_outage(first: Duration, failures: u32, jitter: f64) -> Duration {
    let ceiling = first.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1).min(8)));
    ceiling.min(LONGEST_OUTAGE).mul_f64(0.5 + 0.5 * jitter).max(Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_probed_every_few_seconds_at_least() {
        let s = Duration::from_secs;
        let ceilings = [1, 2, 3, 9].map(|failures| of_outage(s(1), failures, 1.0));
        assert_eq!(ceilings, [s(1), s(2), s(4), s(4)]);
        assert!(of_outage(SHORT, 1, 0.0) >= Duration::from_millis(100));
    }
}
