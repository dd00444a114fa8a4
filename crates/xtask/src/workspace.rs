//! The workspace, and the cargo that runs this program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    pub(crate) fn here() -> Result<Self, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = root.canonicalize().map_err(|error| Failure::stuck(root.display(), error))?;
        let mut workspace = Self { target: root.join("target"), root };
        let facts = workspace.cargo("metadata", &["--no-deps", "--format-version", "1"]);
        let facts = json_lines(facts)?;
        let target = facts.iter().find_map(|facts| facts["target_directory"].as_str());
        workspace.target = target.ok_or(Failure::Ended(1))?.into();
        Ok(workspace)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of builds and of files that are kept between runs.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The directory of what all checkouts share because it takes minutes to make: below the
    /// user's cache.
    pub(crate) fn cache(&self) -> PathBuf {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = || set("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
        cache.unwrap_or_else(|| self.target.clone()).join("reelwork")
    }

    /// A cargo command in the root directory.
    pub(crate) fn cargo(&self, name: &str, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.arg(name).args(arguments).current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// Builds this target and returns the path of its executable.
    pub(crate) fn build(&self, target: &str, arguments: &[&str]) -> Result<PathBuf, Failure> {
        let mut command = self.cargo("build", arguments);
        command.arg("--message-format=json-render-diagnostics");
        Self::built(target, command)
    }

    /// As [`build`](Self::build), with these flags of rustc for the target alone.
    pub(crate) fn build_with(
        &self,
        target: &str,
        arguments: &[&str],
        flags: &[&str],
    ) -> Result<PathBuf, Failure> {
        let arguments = [arguments, &["--message-format=json-render-diagnostics", "--"], flags];
        Self::built(target, self.cargo("rustc", &arguments.concat()))
    }

    fn built(target: &str, command: Command) -> Result<PathBuf, Failure> {
        let messages = json_lines(command)?;
        let built = messages.iter().rev().find_map(|message| {
            let ours = message["target"]["name"] == target && message["profile"]["test"] == false;
            message["executable"].as_str().filter(|_| ours)
        });
        built.map(PathBuf::from).ok_or(Failure::Stuck(format!("cargo built no {target}")))
    }
}

/// Runs it, with its stderr as ours, and reads its output.
fn json_lines(mut command: Command) -> Result<Vec<Value>, Failure> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Failure::stuck("cargo", error))?;
    if !output.status.success() {
        return Err(Failure::Ended(1));
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}
