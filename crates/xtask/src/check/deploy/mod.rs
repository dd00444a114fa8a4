//! What is deployed, judged without a container engine and without a cluster: by the programs that
//! read it in earnest, and by what they do not ask.
//!
//! - [`compose`] and [`image`]: what runs on one host.
//! - [`settings`]: whether the program knows what it is told, in manifests and in documents;
//!   [`environments`] whether it takes what each workload is given.
//! - [`kubernetes`]: every overlay as it is rendered; [`kinds`] knows the operators' own kinds.
//! - [`monitoring`]: alerts, their tests and the dashboard; [`metrics`] what they may ask for.
//! - [`live`]: the metrics of a role at work, and the dashboard drawn from them.
//! - [`seeds`]: known mistakes, which show that all this can fail.
//! - [`tools`]: the programs, from [`packages`] and a Python environment.

mod compose;
mod environments;
mod image;
mod kinds;
mod kubernetes;
mod live;
mod metrics;
mod monitoring;
mod packages;
mod query;
mod seeded;
mod seeds;
mod settings;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::failure::Failure;
use crate::process::say;
use crate::workspace::Workspace;

use tools::Tools;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Makes known mistakes in a copy, one at a time; passes if each of them is caught
    #[arg(long)]
    seeded: bool,
}

/// What is judged, and with what.
struct Place<'a> {
    root: &'a Path,
    tools: &'a Tools,
}

/// Why it is not right, for a person.
type Verdict = Result<(), String>;

struct Step {
    name: &'static str,
    check: fn(&Place<'_>) -> Verdict,
}

const STEPS: &[Step] = &[
    Step { name: "compose schema", check: compose::schema },
    Step { name: "compose config", check: compose::config },
    Step { name: "compose rules", check: compose::rules },
    Step { name: "image", check: image::lint },
    Step { name: "image rules", check: image::rules },
    Step { name: "settings", check: settings::known },
    Step { name: "environments", check: environments::taken },
    Step { name: "kubernetes", check: kubernetes::manifests },
    Step { name: "prometheus", check: monitoring::configuration },
    Step { name: "alerts", check: monitoring::alerts },
    Step { name: "operator rules", check: monitoring::on_a_cluster },
    Step { name: "alert tests", check: monitoring::tests },
    Step { name: "alerts fire", check: monitoring::every_alert_fires },
    Step { name: "runbooks", check: monitoring::runbooks },
    Step { name: "dashboard", check: monitoring::dashboard },
    Step { name: "metrics", check: metrics::known },
    Step { name: "live", check: live::page_and_dashboard },
];

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    let tools = Tools::below(workspace.target());
    let place = Place { root: workspace.root(), tools: &tools };
    let well = match options.seeded {
        true => seeded::all_caught(&place)?,
        false => passes(&place),
    };
    if well { Ok(()) } else { Err(Failure::Ended(1)) }
}

/// Every step is run, and every failure told.
fn passes(place: &Place<'_>) -> bool {
    let mut results = Vec::new();
    for step in STEPS {
        say(step.name);
        let started = Instant::now();
        let verdict = (step.check)(place);
        if let Err(why) = &verdict {
            say(why);
        }
        results.push((step.name, verdict.is_ok(), started.elapsed()));
    }
    for (name, passed, took) in &results {
        say(super::report(name, *passed, *took));
    }
    results.iter().all(|(_, passed, _)| *passed)
}

/// Nothing wrong, or all that is, a line each.
fn verdict(wrong: Vec<String>) -> Verdict {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// A file below the root.
fn text(place: &Place<'_>, file: &str) -> Result<String, String> {
    fs::read_to_string(place.root.join(file)).map_err(|error| format!("{file}: {error}"))
}

/// Itself, or all below it.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_owned()] };
    entries.flatten().flat_map(|entry| files(&entry.path())).collect()
}
