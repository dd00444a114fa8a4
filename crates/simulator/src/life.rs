//! The duration of a task, from a log-normal distribution.

use std::f64::consts::TAU;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::operation::Operation;
use crate::settings::Settings;

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

fn default_sigma() -> f64 {
    0.35
}

/// The part of a life spent as `submitted`, never more than 30 s (Kling's queue when it is short).
const SUBMITTED_SHARE: f64 = 0.1;
const SUBMITTED_MAX_S: f64 = 30.0;
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

    fn draw_s(&self, chance: Chance) -> f64 {
        let normal = standard_normal(chance);
        (self.median_s * (self.sigma * normal).exp()).min(self.median_s * LONGEST)
    }
}

/// The two spans of a task's life, in real time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// From acceptance to `processing`.
    pub(crate) submitted: Duration,
    /// From acceptance to the end.
    pub(crate) whole: Duration,
}

/// The life of the task that `chance` stands for.
pub(crate) fn draw(settings: &Settings, operation: Operation, chance: Chance) -> Span {
    if let Some(ms) = settings.life_ms {
        let whole = Duration::from_millis(ms);
        return Span { submitted: whole.mul_f64(SUBMITTED_SHARE), whole };
    }
    let default = Life { median_s: operation.median_s(), sigma: default_sigma() };
    let life = settings.lives.get(operation.name()).unwrap_or(&default);
    let whole_s = life.draw_s(chance);
    let submitted_s = (whole_s * SUBMITTED_SHARE).min(SUBMITTED_MAX_S);
    Span { submitted: real(submitted_s, settings.speed), whole: real(whole_s, settings.speed) }
}

fn real(seconds: f64, speed: f64) -> Duration {
    // A year bounds what a strange distribution could ask of Duration.
    Duration::from_secs_f64((seconds / speed).clamp(0.0, 365.0 * 86_400.0))
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

    #[test]
    fn speed_shortens_a_life_and_life_ms_fixes_it() {
        let chance = Chance::new(1);
        let slow = Settings::default();
        let fast = Settings { speed: 100.0, ..Settings::default() };
        let ratio = draw(&slow, Operation::Text2Video, chance).whole.as_secs_f64()
            / draw(&fast, Operation::Text2Video, chance).whole.as_secs_f64();
        assert!((ratio - 100.0).abs() < 0.01);
        let fixed = Settings { life_ms: Some(40), speed: 100.0, ..Settings::default() };
        let span = draw(&fixed, Operation::Text2Video, chance);
        assert_eq!(span.whole, Duration::from_millis(40));
    }
}
