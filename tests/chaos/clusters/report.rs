use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::round::Round;

pub(crate) struct Report {
    pub(super) seed: u64,
    pub(super) rounds: Vec<(Round, Vec<&'static str>)>,
    pub(super) jobs: usize,
    /// After the last node was back.
    pub(super) stuck: usize,
    /// When the last outcome arrived.
    pub(super) last_outcome: Duration,
    pub(super) lost: usize,
    pub(super) contradicted: usize,
    pub(super) double_paid: u64,
    pub(super) beyond_limits: u64,
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        let ended = self.rounds.iter().any(|(_, ended)| !ended.is_empty());
        let Self { stuck, lost, contradicted, double_paid, beyond_limits, .. } = self;
        let wrong = stuck + lost + contradicted;
        !ended && wrong == 0 && double_paid + beyond_limits == 0
    }

    pub(crate) fn json(&self) -> Value {
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|(round, ended)| json!({"round": round.to_string(), "ended": ended}))
            .collect();
        json!({
            "clean": self.is_clean(), "seed": self.seed, "rounds": rounds, "jobs": self.jobs,
            "lost": self.lost, "double_paid": self.double_paid,
            "contradicted": self.contradicted, "beyond_limits": self.beyond_limits,
            "stuck_after_10_seconds": self.stuck,
            "last_outcome_seconds": self.last_outcome.as_secs_f64(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (round, ended)) in self.rounds.iter().enumerate() {
            writeln!(f, "{}. {round}; processes that ended: {ended:?}", n + 1)?;
        }
        write!(
            f,
            "seed {}: {} jobs, {} lost, {} paid twice, {} with two outcomes, {} beyond a limit; {} \
             without an outcome 10 s after the last round, the last outcome after {:.1} s",
            self.seed,
            self.jobs,
            self.lost,
            self.double_paid,
            self.contradicted,
            self.beyond_limits,
            self.stuck,
            self.last_outcome.as_secs_f64()
        )
    }
}
