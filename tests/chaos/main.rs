//! `cargo xtask chaos`: applies faults to every connection and server while jobs arrive, and checks
//! the promises.
//!
//! One installation of real processes on private servers goes through all faults, one after the
//! other. All figures are measured from outside: the producer's confirms, the consumer's events,
//! the provider's accounts, and the CPU time of the kernel.

mod cell;
mod chance;
mod clusters;
mod deaths;
mod fault;
mod installation;
mod listener;
mod load;
mod options;
#[allow(dead_code, reason = "shared with the tests")]
mod own_servers;
mod report;

#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the tests")]
#[path = "../it/harness/mod.rs"]
mod harness;

#[allow(dead_code, unused_imports, reason = "shared with the tests")]
#[path = "../it/crash/mod.rs"]
mod crash;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use fault::Fault;
use harness::say;
use installation::Installation;
use options::Options;
use report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            say(problem);
            return ExitCode::from(2);
        }
    };
    if let Some(rounds) = options.clusters {
        return of_clusters(&options, rounds).await;
    }
    // Dropping this future stops the servers, also after Ctrl-C.
    tokio::select! {
        report = run(&options) => {
            print(&if options.json { report.json() } else { report.markdown() });
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn of_clusters(options: &Options, rounds: usize) -> ExitCode {
    tokio::select! {
        report = clusters::run(options.seed, rounds, options.ledger) => {
            print(&if options.json { report.json().to_string() } else { report.to_string() });
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

/// All faults, then crash points for the rest of the budget.
async fn run(options: &Options) -> Report {
    let began = Instant::now();
    let is_wanted = |fault: &Fault| {
        options.wants(&fault.to_string()) && (fault.is_of_a_process() || !options.short)
    };
    let faults: Vec<_> = fault::table().into_iter().filter(is_wanted).collect();
    let mut report = Report::default();
    if !faults.is_empty() {
        let mut installation = Installation::start().await;
        let mut cells = Vec::new();
        for fault in faults {
            let cell = cell::run(&mut installation, fault, options.trouble).await;
            say(cell.to_string());
            cells.push(cell);
        }
        report.faults(cells, &installation.end(PATIENCE).await);
    }
    if options.wants(DEATHS) && !options.short {
        let left = options.budget.saturating_sub(began.elapsed());
        report.deaths = Some(deaths::run(left, options.seed).await);
    }
    report
}

/// When no outcome has arrived for this time, the missing jobs count as lost. RabbitMQ retries
/// after 180 s to move a job from a delay queue into a lane that was full or missing.
const PATIENCE: Duration = Duration::from_secs(200);

/// The name of the crash points for `--only`.
const DEATHS: &str = "crash points";

fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
