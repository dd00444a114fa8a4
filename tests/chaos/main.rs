//! Faults on every link while jobs flow, and what they did to the promises: `cargo xtask chaos`.
//!
//! One installation of real processes on servers of its own lives through every fault of the
//! table, one after the other, while jobs keep coming. Its figures come from outside: the
//! producer's receipts, the consumer's events, the provider's accounts, the kernel's clock.

mod cell;
mod fault;
mod installation;
mod listener;
mod load;
mod report;
mod servers;

#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the tests")]
#[path = "../it/harness/mod.rs"]
mod harness;

use std::process::ExitCode;
use std::time::Duration;

use harness::say;
use installation::Installation;
use report::Report;

/// What a run is asked for, as `--only TEXT` and `--json`.
struct Options {
    only: Option<String>,
    json: bool,
}

impl Options {
    fn read(arguments: impl Iterator<Item = String>) -> Self {
        let mut options = Self { only: None, json: false };
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => options.json = true,
                "--only" => options.only = arguments.next(),
                other => panic!("unknown argument: {other}"),
            }
        }
        options
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::read(std::env::args().skip(1));
    // Dropped, the servers end: also when somebody has seen enough.
    tokio::select! {
        report = run(&options) => {
            let text = if options.json { report.json() } else { report.markdown() };
            print(&text);
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn run(options: &Options) -> Report {
    let wanted = |name: &str| options.only.as_deref().is_none_or(|part| name.contains(part));
    let mut installation = Installation::start().await;
    let mut cells = Vec::new();
    for fault in fault::table().into_iter().filter(|fault| wanted(&fault.to_string())) {
        let cell = cell::run(&mut installation, fault).await;
        say(cell.to_string());
        cells.push(cell);
    }
    let ends = installation.end(Duration::from_secs(60)).await;
    Report::of(cells, &ends)
}

fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
