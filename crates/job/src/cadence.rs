use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Operation, Resource, Timestamp};

/// When to look at a task: `first`, then at growing intervals, then rarely until it is given up.
///
/// Defaults: typical generation times of the API reference, durations and polling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cadence {
    pub first: Duration,
    pub step: Duration,
    pub growth: f64,
    pub longest: Duration,
    /// A task in doubt has ended by then. Many times the usual time of a task, because it may wait
    /// in the provider's queue, with its slot in use.
    pub lives: Duration,
    /// Age of a task from which looks become rare.
    pub soft_deadline: Duration,
    pub slow: Duration,
    /// A task of this age need not be polled any more; it may yet be billed.
    pub give_up: Duration,
}

impl Cadence {
    /// `pace` shortens every interval: 0.01 suits a simulator that runs a hundred times faster.
    pub fn of(operation: &Operation, pace: f64) -> Self {
        let quick = operation.resource() == Some(Resource::Images);
        let slow_start = matches!(operation.as_str(), "videos/lip-sync" | "videos/effects");
        let seconds = |s: f64| Duration::from_secs_f64(s * pace);
        Self {
            first: seconds(if quick {
                8.0
            } else if slow_start {
                45.0
            } else {
                30.0
            }),
            step: seconds(if quick { 5.0 } else { 10.0 }),
            growth: 1.3,
            longest: seconds(30.0),
            lives: seconds(if quick { 600.0 } else { 1800.0 }),
            soft_deadline: seconds(if quick { 600.0 } else { 1800.0 }),
            slow: seconds(300.0),
            give_up: seconds(24.0 * 3600.0),
        }
    }

    /// The wait after `looks` looks, `age` after submission. Jitter spreads it by ±20 %.
    pub fn wait(&self, looks: u32, age: Duration, jitter: f64) -> Duration {
        let wait = if age >= self.soft_deadline {
            self.slow
        } else if looks == 0 {
            self.first
        } else {
            let grown = self.step.mul_f64(self.growth.powi(looks.min(64) as i32 - 1));
            grown.min(self.longest)
        };
        wait.mul_f64(0.8 + 0.4 * jitter)
    }

    pub fn next_look(
        &self,
        looks: u32,
        submitted: Timestamp,
        now: Timestamp,
        jitter: f64,
    ) -> Timestamp {
        now + self.wait(looks, now.since(submitted), jitter)
    }

    /// How long a task is polled: `give_up`, or, if longer, twice the time until it is overdue.
    pub fn followed(&self, overdue_after: Duration) -> Duration {
        self.give_up.max(overdue_after.saturating_mul(2))
    }

    pub fn is_over(&self, submitted: Timestamp, now: Timestamp, overdue_after: Duration) -> bool {
        now.since(submitted) >= self.followed(overdue_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn looks_grow_further_apart_and_never_past_the_longest() {
        let cadence = Cadence::of(&Operation::new("videos/text2video"), 1.0);
        let waits: Vec<u64> =
            (0..8).map(|looks| cadence.wait(looks, S(60), 0.5).as_secs()).collect();
        assert_eq!(waits, [30, 10, 13, 16, 21, 28, 30, 30]);
    }

    #[test]
    fn images_are_looked_at_sooner_and_effects_later() {
        let first = |path| Cadence::of(&Operation::new(path), 1.0).first.as_secs();
        assert_eq!(first("images/generations"), 8);
        assert_eq!(first("videos/effects"), 45);
        assert_eq!(first("audio/text-to-audio"), 30);
    }

    #[test]
    fn an_overdue_task_is_looked_at_rarely_until_given_up() {
        let cadence = Cadence::of(&Operation::new("videos/text2video"), 1.0);
        assert_eq!(cadence.wait(9, S(1800), 0.5), S(300));
        let start = Timestamp::from_millis(0);
        let hours = |hours: u64| S(hours * 3600);
        assert!(!cadence.is_over(start, start + hours(23), hours(2)));
        assert!(cadence.is_over(start, start + hours(24), hours(2)));
        assert!(
            !cadence.is_over(start, start + hours(24), hours(20)),
            "it is followed as long again"
        );
    }

    #[test]
    fn a_task_lives_as_long_as_its_operation_says() {
        let lives = |path| Cadence::of(&Operation::new(path), 1.0).lives;
        assert_eq!(lives("images/generations"), S(600));
        assert_eq!(lives("videos/text2video"), S(1800));
        assert_eq!(lives("elsewhere/new"), S(1800));
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let cadence = Cadence::of(&Operation::new("videos/text2video"), 1.0);
        assert_eq!(cadence.wait(0, S(0), 0.0), S(24));
        assert!(cadence.wait(0, S(0), 0.999) < S(36));
    }
}
