//! When a task becomes `processing`, and when it ends.

use std::time::Duration;

use crate::chance::Chance;
use crate::life::{Life, default_sigma};
use crate::operation::Operation;
use crate::settings::Settings;

/// The part of a life spent as `submitted`, never more than 30 s (Kling's queue when it is short).
const SUBMITTED_SHARE: f64 = 0.1;
const SUBMITTED_MAX_S: f64 = 30.0;
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

#[cfg(test)]
mod tests {
    use super::*;

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
