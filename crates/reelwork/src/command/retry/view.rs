use daemon::ExitCode;
use job::{JobKey, Money, NotRetried};
use operator::RetryPlan;
use serde::Serialize;

use crate::output::Output;

/// What retries are expected to cost.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Estimated {
    jobs: u64,
    /// US dollars, of those that have a price.
    usd: Money,
    /// Jobs without a price.
    unpriced: u64,
}

impl Estimated {
    pub(super) fn of(plan: &RetryPlan) -> Self {
        Self { jobs: plan.jobs.len() as u64, usd: plan.usd, unpriced: plan.unpriced }
    }

    pub(super) fn words(&self) -> String {
        let Self { jobs, usd, unpriced } = self;
        let without = match unpriced {
            0 => String::new(),
            unpriced => format!(", and {unpriced} without a price"),
        };
        format!("{jobs} jobs may be retried, for about ${usd}{without}")
    }

    pub(super) fn effect(&self) -> String {
        let words = self.words();
        format!("{words}: each begins a new round, which the provider charges for again")
    }
}

/// The results of retries.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) retried: u64,
    not_retried: u64,
}

impl Tally {
    pub(super) fn stays(&mut self, key: &JobKey, why: NotRetried, output: &Output) {
        self.not_retried += 1;
        output.complain(&format!("{key} is not retried: {why}"));
    }

    pub(super) fn words(&self) -> String {
        format!("{} retried, {} not; a poller publishes them", self.retried, self.not_retried)
    }

    /// A job that is not retried is a failure, unless nothing was to be changed.
    pub(super) fn exit_code(&self, dry_run: bool) -> ExitCode {
        match self.not_retried > 0 && !dry_run {
            true => ExitCode::Failure,
            false => ExitCode::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_says_what_it_does_not_know() {
        let usd = Money::parse("0.42").unwrap();
        let all = Estimated { jobs: 3, usd, unpriced: 1 };
        assert_eq!(all.words(), "3 jobs may be retried, for about $0.42, and 1 without a price");
        let priced = Estimated { jobs: 1, usd, unpriced: 0 };
        assert_eq!(priced.words(), "1 jobs may be retried, for about $0.42");
    }
}
