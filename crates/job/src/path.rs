//! Refusals without a known error number: the job or something on the way to the provider is the
//! cause.

use serde::{Deserialize, Serialize};

use crate::{RetryDelay, Timestamp};

/// When other jobs were last accepted where this job was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Any other job of the lane.
    pub lane_at: Option<Timestamp>,
    /// One of the same operation and model.
    pub model_at: Option<Timestamp>,
}

impl Passed {
    pub fn since(&self, moment: Timestamp) -> bool {
        self.lane_at.is_some_and(|at| at >= moment)
    }

    fn same_model_since(&self, moment: Timestamp) -> bool {
        self.model_at.is_some_and(|at| at >= moment)
    }
}

/// A job's refusals without a known number. The first counts, and each later one if other jobs
/// passed since the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathRefusals {
    pub last: Timestamp,
    /// Refusals while other jobs of the lane passed.
    pub against_lane: u32,
    /// Refusals while others of the same operation and model passed.
    pub against_model: u32,
}

/// A whole model or operation may be refused for a while: other models that pass prove less.
const MOST_AGAINST_LANE: u32 = 5;
const MOST_AGAINST_MODEL: u32 = 3;

impl PathRefusals {
    pub(crate) fn after(before: Option<Self>, now: Timestamp, passed: Passed) -> Self {
        let Some(before) = before else {
            return Self { last: now, against_lane: 1, against_model: 1 };
        };
        Self {
            last: now,
            against_lane: before.against_lane + u32::from(passed.since(before.last)),
            against_model: before.against_model + u32::from(passed.same_model_since(before.last)),
        }
    }

    pub(crate) fn is_the_job_s(&self) -> bool {
        self.against_lane >= MOST_AGAINST_LANE || self.against_model >= MOST_AGAINST_MODEL
    }

    /// Long waits only while other jobs pass: else a lane would wait on after its failure is over.
    pub fn retry_delay(&self) -> RetryDelay {
        let counted = self.against_lane.max(1) as usize - 1;
        let waits = [
            RetryDelay::OneSecond,
            RetryDelay::ThirtySeconds,
            RetryDelay::TwoMinutes,
            RetryDelay::TenMinutes,
        ];
        waits[counted.min(waits.len() - 1)]
    }

    pub(crate) fn words(&self) -> String {
        match self.against_lane {
            0 | 1 => "no other job has passed since its first refusal".to_owned(),
            times => format!("refused {times} times while others passed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn passed(lane: Option<i64>, model: Option<i64>) -> Passed {
        Passed { lane_at: lane.map(at), model_at: model.map(at) }
    }

    fn after(refusals: &[(i64, Passed)]) -> PathRefusals {
        let fold = |before, &(now, passed)| Some(PathRefusals::after(before, at(now), passed));
        refusals.iter().fold(None, fold).unwrap()
    }

    #[test]
    fn a_lane_that_refuses_everybody_proves_nothing_about_a_job() {
        let nobody = passed(None, None);
        let earlier = passed(Some(5), Some(5));
        let many: Vec<_> = (1..50).map(|n| (n * 10, nobody)).collect();
        assert!(!after(&many).is_the_job_s());
        assert_eq!(after(&many).retry_delay(), RetryDelay::OneSecond);
        assert!(!after(&[(10, earlier), (20, earlier), (30, earlier)]).is_the_job_s());
    }

    #[test]
    fn a_job_is_refused_when_others_pass_between_its_refusals() {
        let twice = [(10, passed(None, None)), (20, passed(Some(15), Some(15)))];
        assert!(!after(&twice).is_the_job_s());
        assert_eq!(after(&twice).retry_delay(), RetryDelay::ThirtySeconds);
        let thrice = [&twice[..], &[(30, passed(Some(25), Some(25)))]].concat();
        assert!(after(&thrice).is_the_job_s());
    }

    #[test]
    fn other_models_prove_less() {
        let other = |n: i64| (n, passed(Some(n - 1), None));
        assert!(!after(&[other(10), other(20), other(30), other(40)]).is_the_job_s());
        assert!(after(&[other(10), other(20), other(30), other(40), other(50)]).is_the_job_s());
    }
}
