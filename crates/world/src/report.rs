use std::collections::BTreeMap;

use crate::plan::Plan;

/// What came of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The run can be repeated with it.
    pub seed: u64,
    /// Identities that were published.
    pub jobs: u64,
    /// Every broken promise, in words.
    pub violations: Vec<String>,
    /// Identities without an outcome, or whose outcome nobody heard of.
    pub lost: u64,
    /// Submissions accepted beside one that was still good.
    pub double_paid: u64,
    /// Events that came more than once.
    pub duplicate_events: u64,
    /// Jobs by how they ended.
    pub outcomes: BTreeMap<String, u64>,
    /// How often each kind of fault struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// Writes of those who had lost their lease, all refused unless a violation says otherwise.
    pub late_writes_refused: u64,
    /// Simulated time.
    pub millis: u64,
    /// Calls through the doors of all processes.
    pub calls: u64,
    /// Those of them that had an effect.
    pub acts: u64,
    /// Of everything that happened, in order.
    pub trace_hash: u64,
    /// The same in words, if it was kept.
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

    /// How to see this run again.
    pub fn replay(&self) -> String {
        format!("cargo xtask simulate --replay {} --world {}", self.seed, self.jobs)
    }
}
