//! How long the phases of jobs take.

use std::time::Duration;

use job::{Record, State};
use serde::Serialize;

/// Of the newest jobs that have succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Phases {
    /// How many jobs were looked at.
    pub jobs: usize,
    /// From the request of the producer to the submission.
    pub queue: Option<Share>,
    /// From the submission to the end that was seen.
    pub provider: Option<Share>,
}

/// Seconds within which half, and nineteen of twenty, were done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    pub p50: f64,
    pub p95: f64,
}

impl Phases {
    pub fn of(records: &[Record]) -> Self {
        let queue = |record: &Record| Some(record.submitted_at?.since(record.came_at()));
        let provider = |record: &Record| match &record.state {
            State::Settled { at, .. } => Some(at.since(record.submitted_at?)),
            State::Tombstone
            | State::Queued { .. }
            | State::Waiting { .. }
            | State::Submitting { .. }
            | State::InDoubt { .. }
            | State::Pending { .. }
            | State::Parked { .. } => None,
        };
        Self {
            jobs: records.len(),
            queue: Share::of(records.iter().filter_map(queue).collect()),
            provider: Share::of(records.iter().filter_map(provider).collect()),
        }
    }
}

impl Share {
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort();
        let last = times.len().checked_sub(1)?;
        let at = |hundredths: usize| times.get(last * hundredths / 100).map(Duration::as_secs_f64);
        Some(Self { p50: at(50)?, p95: at(95)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_nineteen_of_twenty_are_done_within() {
        let times = (0..=100).rev().map(Duration::from_secs).collect();
        assert_eq!(Share::of(times), Some(Share { p50: 50.0, p95: 95.0 }));
        let one = Share::of(vec![Duration::from_secs(3)]);
        assert_eq!(one, Some(Share { p50: 3.0, p95: 3.0 }));
        assert_eq!(Share::of(Vec::new()), None);
    }
}
