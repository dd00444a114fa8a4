//! `deploy/check`, in Python, checks the deployment files. This prepares its programs, each in a
//! fixed version and below the target directory.

mod packages;
mod python;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process::say;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Makes known mistakes in copies, one at a time; passes if each of them is caught
    #[arg(long)]
    seeded: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    let program = program(&workspace)?;
    let mut check = python(&workspace, "check")?;
    check.arg("--program").arg(program).args(options.seeded.then_some("--seeded"));
    if super::passes(check) { Ok(()) } else { Err(Failure::Ended(1)) }
}

/// A Python package of `deploy`, with its programs on `PATH`.
pub(super) fn python(workspace: &Workspace, package: &str) -> Result<Command, Failure> {
    let tools = workspace.target().join("deploy-tools");
    let environment = tools.join("python");
    python::ready(&environment)?;
    let mut command = Command::new(environment.join("bin/python"));
    command.env("PATH", search_path(&environment.join("bin"), &tools.join("debian"))?);
    // Compiled Python files must not be written to the tree that is checked.
    command.current_dir(workspace.root().join("deploy")).args(["-B", "-m", package]);
    command.arg("--root").arg(workspace.root());
    Ok(command)
}

/// The program that the environment names, as for the tests; otherwise it is built like for them.
fn program(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let build = || workspace.build("reelwork", &["--package", "reelwork", "--all-features"]);
    std::env::var_os("REELWORK_BIN").map_or_else(build, |path| Ok(path.into()))
}

/// If packages cannot be unpacked, the programs on `PATH` are used.
fn search_path(python: &Path, packages: &Path) -> Result<OsString, Failure> {
    let mut places = vec![python.to_owned()];
    match packages::ready(packages) {
        Ok(()) => places.extend(packages::programs(packages)),
        Err(why) => say(format!("not unpacked: {why}; they must be on PATH")),
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    places.extend(std::env::split_paths(&path).collect::<Vec<PathBuf>>());
    std::env::join_paths(places).map_err(|error| Failure::stuck("PATH", error))
}
