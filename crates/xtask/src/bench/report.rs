//! The evaluation of the rounds: medians, and the ratio of the two sides for each round.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Map, Value, json};

use crate::measure::Measured;

/// The results of all sides in one round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) pipeline: Option<Measured>,
    pub(crate) thin: Option<Measured>,
    /// The pipeline again, with all metrics.
    pub(crate) metered: Option<Measured>,
}

impl Round {
    /// Pipeline divided by thin: 1 would mean that the promises cost nothing.
    fn ratio(&self) -> Option<f64> {
        Some(self.pipeline.as_ref()?.jobs_per_second() / self.thin.as_ref()?.jobs_per_second())
    }

    /// Metered divided by pipeline: 1 would mean that metrics cost nothing.
    fn metered_ratio(&self) -> Option<f64> {
        Some(self.metered.as_ref()?.jobs_per_second() / self.pipeline.as_ref()?.jobs_per_second())
    }

    pub(crate) fn words(&self) -> String {
        let side = |measured: &Option<Measured>| match measured {
            Some(measured) => format!("{:.0}", measured.jobs_per_second()),
            None => "-".to_owned(),
        };
        let ratio = self.ratio().map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
        let (pipeline, thin) = (side(&self.pipeline), side(&self.thin));
        let metered = match &self.metered {
            Some(metered) => format!(", metered {:.0}", metered.jobs_per_second()),
            None => String::new(),
        };
        format!("pipeline {pipeline}, thin {thin}{metered} jobs/s, ratio {ratio}")
    }

    fn json(&self) -> Value {
        json!({
            "pipeline": self.pipeline.as_ref().map(|one| summary(&[one])),
            "thin": self.thin.as_ref().map(|one| summary(&[one])),
            "metered": self.metered.as_ref().map(|one| summary(&[one])),
            "ratio": self.ratio().map(hundredths),
            "metered_ratio": self.metered_ratio().map(hundredths),
        })
    }
}

impl Measured {
    fn jobs_per_second(&self) -> f64 {
        self.jobs as f64 / self.took.as_secs_f64()
    }

    fn cpu_us_per_job(&self, part: &str) -> Option<f64> {
        Some(self.cpu.get(part)?.as_micros() as f64 / self.jobs as f64)
    }
}

/// `cpu_us_per_job` is that of this program; the other parts are listed next to it.
pub(crate) fn json(rounds: &[Round]) -> Value {
    let pipeline: Vec<_> = rounds.iter().filter_map(|round| round.pipeline.as_ref()).collect();
    let thin: Vec<_> = rounds.iter().filter_map(|round| round.thin.as_ref()).collect();
    let metered: Vec<_> = rounds.iter().filter_map(|round| round.metered.as_ref()).collect();
    let ratios = rounds.iter().filter_map(Round::ratio).collect();
    let metered_ratios = rounds.iter().filter_map(Round::metered_ratio).collect();
    json!({
        "pipeline": summary(&pipeline),
        "thin": summary(&thin),
        "metered": summary(&metered),
        "ratio": median(ratios).map(hundredths),
        "metered_ratio": median(metered_ratios).map(hundredths),
        "rounds": rounds.iter().map(Round::json).collect::<Vec<_>>(),
    })
}

pub(crate) fn words(rounds: &[Round]) -> String {
    let all = json(rounds);
    let line = |side: &str| {
        let side = &all[side];
        let (rate, cpu) = (&side["jobs_per_second"], &side["cpu_us_per_job"]);
        format!("{rate} jobs/s, {cpu} us of processor time a job, others {}", side["others"])
    };
    let (pipeline, thin, ratio) = (line("pipeline"), line("thin"), &all["ratio"]);
    let words = format!("pipeline  {pipeline}\nthin      {thin}\nratio     {ratio}");
    match all["metered"].is_null() {
        true => words,
        false => {
            let (metered, ratio) = (line("metered"), &all["metered_ratio"]);
            format!("{words}\nmetered   {metered}\n          {ratio} of the pipeline")
        }
    }
}

/// Medians of one side; null when it was not run.
fn summary(rounds: &[&Measured]) -> Value {
    let Some(first) = rounds.first() else { return Value::Null };
    let of = |value: &dyn Fn(&Measured) -> Option<f64>| {
        median(rounds.iter().filter_map(|measured| value(measured)).collect())
    };
    let parts: BTreeSet<_> = rounds.iter().flat_map(|measured| measured.cpu.keys()).collect();
    let others = parts.into_iter().filter(|part| **part != "program").map(|part| {
        let used = of(&|measured| measured.cpu_us_per_job(part)).map(f64::round);
        ((*part).to_owned(), json!(used))
    });
    json!({
        "jobs": first.jobs,
        "jobs_per_second": of(&|measured| Some(measured.jobs_per_second())).map(f64::round),
        "cpu_us_per_job": of(&|measured| measured.cpu_us_per_job("program")).map(f64::round),
        "others": others.collect::<Map<_, _>>(),
        "repeated_events": rounds.iter().map(|measured| measured.repeats).sum::<usize>(),
    })
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

pub(crate) fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A line for another program to read.
pub(crate) fn line(words: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{words}")?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn measured(seconds: f64, cpu_ms: u64) -> Option<Measured> {
        let cpu = [("program", Duration::from_millis(cpu_ms)), ("ledger", Duration::ZERO)];
        let took = Duration::from_secs_f64(seconds);
        Some(Measured { jobs: 1000, took, cpu: cpu.into(), repeats: 1 })
    }

    #[test]
    fn medians_stand_for_the_rounds_and_the_ratio_is_taken_round_by_round() {
        // A machine that gets slower affects both sides of a round equally.
        let rounds: Vec<_> = [1.0, 2.0, 4.0]
            .map(|slow| Round {
                pipeline: measured(2.0 * slow, 500),
                thin: measured(slow, 100),
                metered: measured(2.5 * slow, 510),
            })
            .into();
        let all = json(&rounds);
        assert_eq!(all["ratio"], 0.5);
        assert_eq!(all["metered_ratio"], 0.8);
        assert_eq!(all["pipeline"]["jobs_per_second"], 250.0);
        assert_eq!(all["pipeline"]["cpu_us_per_job"], 500.0);
        assert_eq!(all["pipeline"]["repeated_events"], 3);
        assert_eq!(all["thin"]["others"]["ledger"], 0.0);
        assert_eq!(all["rounds"][2]["thin"]["jobs_per_second"], 250.0);
    }

    #[test]
    fn one_side_alone_has_no_ratio() {
        let rounds = [Round { pipeline: measured(1.0, 1), thin: None, metered: None }];
        let all = json(&rounds);
        assert!(all["ratio"].is_null() && all["thin"].is_null());
    }

    #[test]
    fn a_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }
}
