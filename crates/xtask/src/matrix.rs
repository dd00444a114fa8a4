//! What depends on servers, on other versions of them: one row of a table for each pair.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;
use crate::needs::Needs;
use crate::process::say;
use crate::services::{self, Servers};
use crate::surroundings::{EVERYTHING, Environment, Surroundings};
use crate::versions::Pair;
use crate::workspace::Workspace;

/// A column of the table, and the tests in it (a filter of cargo-nextest).
const SUITES: [(&str, &str); 5] = [
    ("conformance", "(package(broker-rabbitmq) | package(ledger-redis)) & test(/^conformance::/)"),
    (
        "tests of the stores",
        "(package(broker-rabbitmq) | package(ledger-redis)) & !test(/^conformance::/)",
    ),
    ("tests of the program", "package(tests) & test(/^(five_processes|kills|faults|bad_input)::/)"),
    ("forgetting", "package(tests) & test(/^forgetting::/)"),
    ("doubts", "package(tests) & test(/^doubts::/)"),
];

/// Some packages contain a server that was built without TLS.
const OF_TLS: &str = "package(ledger-redis) & test(/^tls::/)";

struct Row {
    rabbitmq: String,
    redis: String,
    suites: Vec<Outcome>,
    chaos: Chaos,
}

/// Of a suite.
struct Outcome {
    passed: bool,
    /// nextest's own words.
    summary: String,
}

/// What the short chaos has counted; `None` if it has failed before its report.
struct Chaos {
    passed: bool,
    report: Option<Value>,
}

pub(crate) async fn run(pairs: &[&'static Pair]) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    let chaos =
        workspace.build("chaos", &["--workspace", "--all-features", "--example", "chaos"])?;
    let mut rows = Vec::new();
    for pair in pairs {
        let servers = services::of(pair).await?;
        let mut surroundings = Surroundings::of(&Needs::of(&[]))?;
        surroundings.add(servers.programs());
        let environment = surroundings.with(&servers.started);
        rows.push(row(&workspace, &chaos, &servers, &environment));
        // Each row as soon as it is known: the next one takes as long again.
        say(format!("so far:\n{}", table(&rows)));
    }
    let _ = writeln!(std::io::stdout(), "{}", table(&rows));
    let passed = |row: &Row| row.chaos.passed && row.suites.iter().all(|suite| suite.passed);
    if rows.iter().all(passed) { Ok(()) } else { Err(Failure::Ended(1)) }
}

fn row(workspace: &Workspace, chaos: &Path, servers: &Servers, environment: &Environment) -> Row {
    let suites = SUITES.map(|(name, filter)| {
        say(format!("{}: {name}", servers.name));
        let mut command = workspace.cargo("nextest", &["run"]);
        let filter = selected(filter, servers.redis_has_tls);
        command.args(EVERYTHING).args(["-E", &filter]).envs(environment.clone());
        suite(command)
    });
    say(format!("{}: chaos", servers.name));
    let mut command = Command::new(chaos);
    command.args(["--short", "--json"]).envs(environment.clone());
    Row {
        rabbitmq: servers.rabbitmq.clone(),
        redis: built(&servers.redis, servers.redis_has_tls),
        suites: suites.into(),
        chaos: short_chaos(command),
    }
}

fn selected(filter: &str, tls: bool) -> String {
    if tls { filter.to_owned() } else { format!("({filter}) - ({OF_TLS})") }
}

fn built(version: &str, tls: bool) -> String {
    let without = if tls { "" } else { " without TLS" };
    format!("{version}{without}")
}

/// Runs it, shows its output, and keeps its summary.
fn suite(mut command: Command) -> Outcome {
    let Ok(mut child) = command.stderr(Stdio::piped()).spawn() else {
        return Outcome { passed: false, summary: "could not start".into() };
    };
    let mut summary = String::new();
    for line in child.stderr.take().into_iter().flat_map(|pipe| BufReader::new(pipe).lines()) {
        let Ok(line) = line else { break };
        let _ = writeln!(std::io::stderr(), "{line}");
        if let Some((_, counts)) = line.split_once("tests run: ") {
            counts.split(", ").next().unwrap_or_default().clone_into(&mut summary);
        }
    }
    Outcome { passed: child.wait().is_ok_and(|status| status.success()), summary }
}

fn short_chaos(mut command: Command) -> Chaos {
    let Ok(output) = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output() else {
        return Chaos { passed: false, report: None };
    };
    let report = serde_json::from_slice(&output.stdout).ok();
    Chaos { passed: output.status.success(), report }
}

fn table(rows: &[Row]) -> String {
    let suites = SUITES.map(|(name, _)| name).join(" | ");
    let mut text = format!(
        "| RabbitMQ | Redis | {suites} | chaos: jobs | lost | paid twice | not recovered | slowest \
         recovery |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let suites: Vec<String> = row.suites.iter().map(Outcome::cell).collect();
        let (rabbitmq, redis, suites) = (&row.rabbitmq, &row.redis, suites.join(" | "));
        let _ = writeln!(text, "| {rabbitmq} | {redis} | {suites} | {} |", row.chaos.cells());
    }
    text
}

impl Outcome {
    fn cell(&self) -> String {
        if self.passed { self.summary.clone() } else { format!("FAILED: {}", self.summary) }
    }
}

impl Chaos {
    fn cells(&self) -> String {
        let Some(report) = &self.report else { return "FAILED | | | |".to_owned() };
        let faults = report["faults"].as_array().map_or(&[][..], Vec::as_slice);
        let sum = |name: &str| faults.iter().filter_map(|fault| fault[name].as_u64()).sum::<u64>();
        let recovered = faults.iter().map(|fault| fault["recovered_seconds"].as_f64());
        let never = recovered.clone().filter(Option::is_none).count();
        let slowest = recovered.flatten().fold(0.0, f64::max);
        let (jobs, lost, twice) = (sum("jobs"), sum("lost"), sum("double_paid"));
        format!("{jobs} | {lost} | {twice} | {never} | {slowest:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_tells_what_was_counted() {
        let fault = |lost: u32, after: Option<f64>| json!({"jobs": 300, "lost": lost, "double_paid": 0, "recovered_seconds": after});
        let report = json!({"faults": [fault(0, Some(1.25)), fault(2, None)]});
        let row = Row {
            rabbitmq: "4.3.6".into(),
            redis: built("Valkey 9.1.2", false),
            suites: vec![
                Outcome { passed: true, summary: "31 passed".into() },
                Outcome { passed: false, summary: "3 passed".into() },
            ],
            chaos: Chaos { passed: false, report: Some(report) },
        };
        let expected = "| 4.3.6 | Valkey 9.1.2 without TLS | 31 passed | FAILED: 3 passed | 600 | 2 | 0 | 1 | 1.2 s |";
        assert_eq!(table(&[row]).lines().last(), Some(expected));
    }

    #[test]
    fn the_words_of_a_suite_are_kept() {
        let mut command = Command::new("sh");
        let words = "echo ' Summary [ 3.2s] 31 tests run: 31 passed, 9 skipped' >&2; exit 1";
        command.args(["-c", words]);
        let outcome = suite(command);
        assert_eq!((outcome.passed, outcome.summary.as_str()), (false, "31 passed"));
    }
}
