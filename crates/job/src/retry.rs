use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a job waits before it returns to its lane. Each delay is a queue with a TTL of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RetryDelay {
    OneSecond,
    FiveSeconds,
    ThirtySeconds,
    TwoMinutes,
    TenMinutes,
}

impl RetryDelay {
    pub const ALL: [Self; 5] = [
        Self::OneSecond,
        Self::FiveSeconds,
        Self::ThirtySeconds,
        Self::TwoMinutes,
        Self::TenMinutes,
    ];

    /// The tail of the queue's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneSecond => "1s",
            Self::FiveSeconds => "5s",
            Self::ThirtySeconds => "30s",
            Self::TwoMinutes => "2m",
            Self::TenMinutes => "10m",
        }
    }

    pub fn wait(self) -> Duration {
        Duration::from_secs(match self {
            Self::OneSecond => 1,
            Self::FiveSeconds => 5,
            Self::ThirtySeconds => 30,
            Self::TwoMinutes => 120,
            Self::TenMinutes => 600,
        })
    }

    /// Full jitter: any delay up to the one of the attempts, so that jobs that were refused
    /// together do not return together.
    pub fn after(attempts: u32, jitter: f64) -> Self {
        let highest = attempts.saturating_sub(1).min(4) as usize;
        let index = (jitter * (highest + 1) as f64) as usize;
        Self::ALL[index.min(highest)]
    }

    /// For a job that is in doubt repeatedly: each attempt holds a slot for a minute or two, which
    /// others can use. An outage seldom costs one job more than two attempts.
    pub fn after_doubts(attempts: u32) -> Option<Self> {
        match attempts {
            0..=2 => None,
            3 => Some(Self::TwoMinutes),
            _ => Some(Self::TenMinutes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_with_attempts_and_spread_below_that() {
        assert_eq!(RetryDelay::after(1, 0.99), RetryDelay::OneSecond);
        assert_eq!(RetryDelay::after(3, 0.99), RetryDelay::ThirtySeconds);
        assert_eq!(RetryDelay::after(3, 0.0), RetryDelay::OneSecond);
        assert_eq!(RetryDelay::after(40, 0.999), RetryDelay::TenMinutes);
        assert_eq!(RetryDelay::after(0, 0.5), RetryDelay::OneSecond);
    }

    #[test]
    fn a_job_whose_third_answer_is_lost_lets_others_go_first() {
        let delays = [1, 2, 3, 4, 19].map(RetryDelay::after_doubts);
        assert_eq!(delays[..2], [None; 2]);
        assert_eq!(
            delays[2..],
            [RetryDelay::TwoMinutes, RetryDelay::TenMinutes, RetryDelay::TenMinutes].map(Some)
        );
    }
}
