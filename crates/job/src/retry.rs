use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A step of the ladder on which single jobs wait; each is a queue with a TTL of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rung {
    OneSecond,
    FiveSeconds,
    ThirtySeconds,
    TwoMinutes,
    TenMinutes,
}

impl Rung {
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

    /// Full jitter over a ladder that rises with the counted attempts: any rung up to the
    /// attempt's own, so that jobs refused together do not come back together.
    pub fn after(attempts: u32, jitter: f64) -> Self {
        let highest = attempts.saturating_sub(1).min(4) as usize;
        let index = (jitter * (highest + 1) as f64) as usize;
        Self::ALL[index.min(highest)]
    }

    /// For a job that is in doubt again and again: each try holds a slot for a minute or
    /// two, which others can use. An outage seldom costs one job more than two tries.
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
    fn the_ladder_rises_with_attempts_and_spreads_below_them() {
        assert_eq!(Rung::after(1, 0.99), Rung::OneSecond);
        assert_eq!(Rung::after(3, 0.99), Rung::ThirtySeconds);
        assert_eq!(Rung::after(3, 0.0), Rung::OneSecond);
        assert_eq!(Rung::after(40, 0.999), Rung::TenMinutes);
        assert_eq!(Rung::after(0, 0.5), Rung::OneSecond);
    }

    #[test]
    fn whose_answers_are_lost_for_the_third_time_lets_others_go_first() {
        let rungs = [1, 2, 3, 4, 19].map(Rung::after_doubts);
        assert_eq!(rungs[..2], [None; 2]);
        assert_eq!(rungs[2..], [Rung::TwoMinutes, Rung::TenMinutes, Rung::TenMinutes].map(Some));
    }
}
