use std::collections::BTreeMap;

use crate::plan::Plan;

/// The result of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// With it the run can be repeated.
    pub seed: u64,
    /// Identities that were published.
    pub jobs: u64,
    /// All broken promises, in words.
    pub violations: Vec<String>,
    /// Identities without an outcome, or whose outcome was not announced.
    pub lost: u64,
    /// Submissions accepted although an earlier one had not failed.
    pub double_paid: u64,
    /// Events that were received more than once.
    pub duplicate_events: u64,
    /// Number of jobs by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Number of faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Writes of processes that had lost their lease; all were refused, except for violations.
    pub late_writes_refused: u64,
    /// Simulated time.
    pub millis: u64,
    /// Calls of the ports of all processes.
    pub calls: u64,
    /// The calls that had an effect.
    pub acts: u64,
    /// The hash of everything that happened, in order.
    pub trace_hash: u64,
    /// The same as text, if it was kept.
    pub trace: Option<String>,
}

impl Report {
    pub(crate) fn impossible(plan: &Plan, why: &str) -> Self {
        let violations = vec![format!("no run: {why}")];
        Self { seed: plan.seed, violations, ..Self::default() }
    }

    /// Every promise was kept.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty() && self.lost == 0 && self.double_paid == 0
    }

    /// The command that repeats this run.
    pub fn replay(&self) -> String {
        format!("cargo xtask simulate --replay {} --world {}", self.seed, self.jobs)
    }
}
