//! Runs many worlds, one on each thread at a time; started by `cargo xtask simulate`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its caller")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use world::{Plan, Report, run};

struct Options {
    jobs: u64,
    seed: u64,
    /// Number of jobs in each world.
    world: u32,
    threads: u32,
    json: bool,
    /// Runs only this seed, and prints everything that happens.
    replay: Option<u64>,
}

/// The sum of the reports of all worlds.
#[derive(Default)]
struct Sum {
    worlds: u64,
    jobs: u64,
    lost: u64,
    double_paid: u64,
    duplicate_events: u64,
    late_writes_refused: u64,
    calls: u64,
    acts: u64,
    simulated_ms: u64,
    /// The most calls with an effect for each job, of all worlds.
    most_acts_per_job: u64,
    outcomes: BTreeMap<String, u64>,
    faults: BTreeMap<&'static str, u64>,
    failed: Vec<Report>,
}

impl Sum {
    fn add(&mut self, report: Report) {
        self.worlds += 1;
        self.jobs += report.jobs;
        self.lost += report.lost;
        self.double_paid += report.double_paid;
        self.duplicate_events += report.duplicate_events;
        self.late_writes_refused += report.late_writes_refused;
        self.calls += report.calls;
        self.acts += report.acts;
        self.simulated_ms += report.millis;
        self.most_acts_per_job = self.most_acts_per_job.max(report.acts / report.jobs.max(1));
        report.outcomes.iter().for_each(|(k, n)| *self.outcomes.entry(k.clone()).or_default() += n);
        report.faults.iter().for_each(|(k, n)| *self.faults.entry(k).or_default() += n);
        if !report.is_good() {
            eprintln!("seed {}: {}", report.seed, report.violations.join("; "));
            eprintln!("  again: {}", report.replay());
            self.failed.push(report);
        }
    }

    fn json(&self, seconds: f64) -> serde_json::Value {
        let seeds: Vec<u64> = self.failed.iter().map(|report| report.seed).collect();
        let violations: usize = self.failed.iter().map(|report| report.violations.len()).sum();
        serde_json::json!({
            "jobs": self.jobs, "worlds": self.worlds, "lost": self.lost,
            "double_paid": self.double_paid, "violations": violations, "failed_seeds": seeds,
            "duplicate_events": self.duplicate_events,
            "late_writes_refused": self.late_writes_refused,
            "outcomes": self.outcomes, "faults": self.faults,
            "calls": self.calls, "acts": self.acts, "most_acts_per_job": self.most_acts_per_job,
            "simulated_hours": self.simulated_ms / 3_600_000, "seconds": seconds,
        })
    }
}

fn main() -> ExitCode {
    let options = match read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    if let Some(seed) = options.replay {
        return replay(seed, options.world);
    }
    let started = Instant::now();
    let sum = simulate(&options);
    let figures = sum.json(started.elapsed().as_secs_f64());
    match options.json {
        true => println!("{figures}"),
        false => println!("{figures:#}"),
    }
    if sum.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Each thread takes the next seed, so the seeds that are run do not depend on the threads.
fn simulate(options: &Options) -> Sum {
    let worlds = options.jobs.div_ceil(u64::from(options.world));
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Sum::default()));
    std::thread::scope(|scope| {
        for _ in 0..options.threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= worlds {
                        return;
                    }
                    let plan = Plan::of(options.seed.wrapping_add(number), options.world);
                    let report = run(&plan, None, false);
                    sum.lock().unwrap_or_else(PoisonError::into_inner).add(report);
                }
            });
        }
    });
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn replay(seed: u64, world: u32) -> ExitCode {
    let report = run(&Plan::of(seed, world), None, true);
    print!("{}", report.trace.as_deref().unwrap_or_default());
    eprintln!("{:#?}", Report { trace: None, ..report.clone() });
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options =
        Options { jobs: 100_000, seed: 1, world: 200, threads: 2, json: false, replay: None };
    while let Some(name) = arguments.next() {
        if name == "--json" {
            options.json = true;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a number"))?;
        let number: u64 = value.parse().map_err(|_| format!("{name}: {value} is no number"))?;
        let small = || u32::try_from(number.max(1)).map_err(|error| format!("{name}: {error}"));
        match name.as_str() {
            "--jobs" => options.jobs = number,
            "--seed" => options.seed = number,
            "--world" => options.world = small()?,
            "--threads" => options.threads = small()?,
            "--replay" => options.replay = Some(number),
            _ => {
                return Err(format!(
                    "{name} is unknown: --jobs --seed --world --threads --replay --json"
                ));
            }
        }
    }
    Ok(options)
}
