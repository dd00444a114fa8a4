//! The report: one row per fault, as a table or as JSON.

use serde_json::{Value, json};

use crate::cell::Cell;
use crate::deaths::Deaths;
use crate::installation::Ends;

#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    beyond_limits: u64,
    pub(crate) deaths: Option<Deaths>,
}

struct Row {
    cell: Cell,
    jobs: usize,
    lost: usize,
    contradicted: usize,
    double_paid: usize,
    duplicates: usize,
}

impl Report {
    pub(crate) fn faults(&mut self, cells: Vec<Cell>, ends: &Ends) {
        let missing = ends.listener.missing(&ends.promised);
        let row = |cell: Cell| {
            let phase = format!("{}-", cell.phase);
            let ours = |id: &&String| id.starts_with(&phase);
            Row {
                jobs: ends.promised.iter().filter(ours).count(),
                lost: missing.iter().filter(ours).count(),
                contradicted: ends.listener.contradicted(&phase),
                double_paid: double_paid(ends, &phase),
                duplicates: ends.listener.repeats(&phase),
                cell,
            }
        };
        let limits = ends.accounts.limit_violations;
        self.rows = cells.into_iter().map(row).collect();
        self.beyond_limits = limits.concurrency + limits.rate;
    }

    /// No job lost, contradicted or paid twice, and every fault recovered.
    pub(crate) fn is_clean(&self) -> bool {
        let clean = |row: &Row| {
            let kept = row.lost + row.contradicted + row.double_paid == 0;
            kept && row.cell.recovered().is_some() && row.cell.ended.is_empty()
        };
        let survived = self.deaths.as_ref().is_none_or(Deaths::is_clean);
        survived && self.beyond_limits == 0 && self.rows.iter().all(clean)
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text =
            "| fault | jobs | lost | paid twice | events twice | recovered after | rate \
                        after ÷ before | CPU in trouble (usual) | redelivered |\n\
                        |---|---|---|---|---|---|---|---|---|\n"
                .to_owned();
        for row in &self.rows {
            text.push_str(&row.markdown());
        }
        let deaths = self.deaths.as_ref().map(Deaths::markdown).unwrap_or_default();
        format!("{text}\n{deaths}")
    }

    pub(crate) fn json(&self) -> String {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        json!({
            "clean": self.is_clean(), "beyond_limits": self.beyond_limits, "faults": rows,
            "crash_points": self.deaths.as_ref().map(Deaths::json),
        })
        .to_string()
    }
}

impl Row {
    fn markdown(&self) -> String {
        let Self { cell, jobs, lost, double_paid, duplicates, .. } = self;
        let after = cell.recovered().map_or("never".to_owned(), |after| format!("{after:.1} s"));
        format!(
            "| {} | {jobs} | {lost} | {double_paid} | {duplicates} | {after} | {:.2} | {:.2} \
             ({:.2}) cores | {} |\n",
            cell.fault,
            cell.ratio(),
            cell.cpu,
            cell.cpu_before,
            cell.redelivered
        )
    }

    fn json(&self) -> Value {
        let cell = &self.cell;
        json!({
            "fault": cell.fault, "jobs": self.jobs, "lost": self.lost,
            "contradicted": self.contradicted, "double_paid": self.double_paid,
            "duplicate_events": self.duplicates, "recovered_seconds": cell.recovered(),
            "rate_before": cell.rate_before, "rate_after": cell.rate_after,
            "rate_ratio": cell.ratio(), "cpu_cores": cell.cpu, "cpu_cores_usual": cell.cpu_before,
            "redelivered": cell.redelivered, "ended": cell.ended,
        })
    }
}

/// Jobs of a phase that the provider charged for more than once.
fn double_paid(ends: &Ends, phase: &str) -> usize {
    let tasks = ends.accounts.tasks.iter().flatten().map(|task| task.marker.as_str());
    let mut markers: Vec<&str> = tasks.filter(|marker| marker.starts_with(phase)).collect();
    markers.sort_unstable();
    let all = markers.len();
    markers.dedup();
    all - markers.len()
}
