//! Format, lints, documentation, dependencies: every step runs and every failure is reported.
//! [`deploy`] checks the deployment files, and [`containers`] runs them: both need more programs
//! than the rest.

mod containers;
mod dependencies;
mod deploy;
mod tool;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::process::{say, succeeds};
use crate::workspace::Workspace;

struct Step {
    name: &'static str,
    /// `None`: it cannot be run; the reason was printed.
    command: Option<Command>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The image, compose, Kubernetes and monitoring files; fetches the programs that judge them.
    Deploy(deploy::Options),
    /// Runs the image, the compose file and the overlays' pods under load and faults: minutes.
    Containers(containers::Options),
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    match &options.what {
        Some(What::Deploy(options)) => deploy::run(options),
        Some(What::Containers(options)) => containers::run(options),
        None => code(),
    }
}

fn code() -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    components(&workspace);
    let mut results = Vec::new();
    for step in steps(&workspace) {
        say(step.name);
        let started = Instant::now();
        let passed = step.command.is_some_and(passes);
        results.push((step.name, passed, started.elapsed()));
    }
    for (name, passed, took) in &results {
        say(report(name, *passed, *took));
    }
    match results.iter().all(|(_, passed, _)| *passed) {
        true => Ok(()),
        false => Err(Failure::Ended(1)),
    }
}

fn steps(workspace: &Workspace) -> Vec<Step> {
    let everything = ["--workspace", "--all-features"];
    let lints = [&everything[..], &["--all-targets", "--", "-D", "warnings"]].concat();
    let mut documentation = workspace.cargo("doc", &[&everything[..], &["--no-deps"]].concat());
    documentation.env("RUSTDOCFLAGS", "-Dwarnings");
    let format = workspace.cargo("fmt", &["--all", "--check"]);
    vec![
        Step { name: "format", command: Some(format) },
        Step { name: "lints", command: Some(workspace.cargo("clippy", &lints)) },
        Step { name: "documentation", command: Some(documentation) },
        Step { name: "dependencies", command: dependencies::allowed(workspace) },
        Step { name: "their use", command: dependencies::used(workspace) },
    ]
}

/// Both are components that a minimal toolchain lacks.
fn components(workspace: &Workspace) {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(&mut workspace.cargo(subcommand, &["--version"])) {
            say(format!("adding the component {component}"));
            succeeds(Command::new("rustup").args(["component", "add", component]));
        }
    }
}

fn passes(mut command: Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn report(name: &str, passed: bool, took: Duration) -> String {
    let verdict = if passed { "passed" } else { "FAILED" };
    format!("{name:<14} {verdict} {:>6.1} s", took.as_secs_f64())
}
