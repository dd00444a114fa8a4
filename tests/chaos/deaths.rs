//! Each crash point once, then pairs of them in the order of a job's path, selected by a seed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::crash::deployment::Deployment;
use crate::crash::orphans;
use crate::crash::points::{self, Cell};
use crate::crash::scenario;
use crate::crash::verdict::Verdict;
use crate::harness::{Backend, Environment, say};

/// Pairs per installation: few enough to find the one that caused a failure.
const TOGETHER: usize = 30;

pub(crate) struct Deaths {
    singles: usize,
    pairs: usize,
    possible_pairs: usize,
    late: Vec<String>,
    verdicts: Vec<Verdict>,
    orphans: Vec<Duration>,
}

pub(crate) async fn run(budget: Duration, seed: u64) -> Deaths {
    let began = Instant::now();
    let mut deployment = started().await;
    let cells = points::cells(&deployment.program, Backend::Rabbitmq).await;
    let mut pairs = pairs(&cells, seed);
    let mut deaths = Deaths {
        singles: cells.len(),
        pairs: 0,
        possible_pairs: pairs.len(),
        late: Vec::new(),
        verdicts: Vec::new(),
        orphans: orphans::looked_for(&mut deployment).await,
    };
    for cell in &cells {
        deaths.strike(&mut deployment, cell).await;
    }
    deaths.judge(&deployment).await;
    while began.elapsed() < budget && !pairs.is_empty() {
        deployment = started().await;
        for (first, second) in pairs.drain(..TOGETHER.min(pairs.len())) {
            deaths.strike(&mut deployment, &first).await;
            deaths.strike(&mut deployment, &second).await;
            deaths.pairs += 1;
            if began.elapsed() > budget {
                break;
            }
        }
        deaths.judge(&deployment).await;
    }
    deaths
}

async fn started() -> Deployment {
    Deployment::started(Environment::on(Backend::Rabbitmq), |_| ()).await
}

/// All pairs in which the first point comes before the second on a job's path.
fn pairs(cells: &[Cell], seed: u64) -> Vec<(Cell, Cell)> {
    let mut pairs = Vec::new();
    for (place, first) in cells.iter().enumerate() {
        pairs.extend(cells[place + 1..].iter().map(|second| (first.clone(), second.clone())));
    }
    let mut chance = Chance(seed);
    for place in (1..pairs.len()).rev() {
        pairs.swap(place, chance.below(place + 1));
    }
    pairs
}

impl Deaths {
    async fn strike(&mut self, deployment: &mut Deployment, cell: &Cell) {
        let strike = scenario::strike(deployment, cell).await;
        say(strike.to_string());
        if !strike.in_time() {
            self.late.push(strike.to_string());
        }
    }

    async fn judge(&mut self, deployment: &Deployment) {
        let verdict = deployment.verdict().await;
        say(verdict.to_string());
        self.verdicts.push(verdict);
    }

    fn sum(&self, count: impl Fn(&Verdict) -> usize) -> usize {
        self.verdicts.iter().map(count).sum()
    }

    /// A kill with too few jobs in progress proves nothing. It is reported, but is not a failure.
    pub(crate) fn is_clean(&self) -> bool {
        self.verdicts.iter().all(Verdict::kept)
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "single_points": self.singles, "pairs": self.pairs,
            "possible_pairs": self.possible_pairs, "late": self.late,
            "jobs": self.sum(|verdict| verdict.promised), "lost": self.sum(|v| v.lost.len()),
            "contradicted": self.sum(|verdict| verdict.contradicted.len()),
            "double_paid": self.sum(|verdict| verdict.double_paid as usize),
            "duplicate_events": self.sum(|verdict| verdict.duplicate_events),
            "beyond_limits": self.sum(|verdict| verdict.beyond_limits as usize),
            "orphans": self.orphans.len(),
            "orphan_look_up_p50": orphans::quantile(&self.orphans, 0.5).as_secs_f64(),
            "orphan_look_up_p99": orphans::quantile(&self.orphans, 0.99).as_secs_f64(),
        })
    }

    pub(crate) fn markdown(&self) -> String {
        let facts = self.json();
        let row = |name: &str| format!("| {} | {} |\n", name.replace('_', " "), facts[name]);
        let names = [
            "single_points",
            "pairs",
            "possible_pairs",
            "jobs",
            "lost",
            "contradicted",
            "double_paid",
            "duplicate_events",
            "beyond_limits",
            "orphans",
            "orphan_look_up_p50",
            "orphan_look_up_p99",
        ];
        let rows: String = names.into_iter().map(row).collect();
        format!("| SIGKILL at crash points | |\n|---|---|\n{rows}")
    }
}
