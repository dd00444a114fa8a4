//! The duration of a task, from a log-normal distribution.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// A log-normal distribution of durations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// Half of the tasks end before this many seconds (before `speed` is applied).
    pub median_s: f64,
    /// Standard deviation of the logarithm; 0 gives every task the median.
    #[serde(default = "default_sigma")]
    pub sigma: f64,
}

pub(crate) fn default_sigma() -> f64 {
    0.35
}

/// No draw is longer than this many medians, so that one task cannot hold a whole run.
const LONGEST: f64 = 20.0;

impl Life {
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if !(self.median_s.is_finite() && self.median_s >= 0.0) {
            return Some("median_s must be a number from 0");
        }
        if !(self.sigma.is_finite() && self.sigma >= 0.0) {
            return Some("sigma must be a number from 0");
        }
        None
    }

    pub(crate) fn draw_s(&self, chance: Chance) -> f64 {
        let normal = standard_normal(chance);
        (self.median_s * (self.sigma * normal).exp()).min(self.median_s * LONGEST)
    }
}

/// Box-Muller on two draws of the same stream.
fn standard_normal(chance: Chance) -> f64 {
    let radius = (-2.0 * (1.0 - chance.with(1).unit()).ln()).sqrt();
    radius * (TAU * chance.with(2).unit()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_have_the_median_and_spread_asked_for() {
        let life = Life { median_s: 100.0, sigma: 0.5 };
        let mut draws: Vec<f64> =
            (0..10_001).map(|n| life.draw_s(Chance::new(3).with(n))).collect();
        draws.sort_by(f64::total_cmp);
        assert!((95.0..105.0).contains(&draws[5_000]), "median {}", draws[5_000]);
        let ratio = draws[8_413] / draws[5_000];
        assert!((ratio.ln() - 0.5).abs() < 0.03, "one sigma is {}", ratio.ln());
    }
}
