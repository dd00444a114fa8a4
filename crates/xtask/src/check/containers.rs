//! `deploy/containers`, in Python, runs the image and the compose file. This prepares its programs.
//!
//! An engine of this machine that can fetch images is used as it is. Otherwise an engine of our own is
//! started from the distribution's packages, as root, with substitutes for the images.

use std::path::PathBuf;
use std::process::Command;

use super::deploy;
use crate::debian;
use crate::failure::Failure;
use crate::process::{say, succeeds};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Makes known mistakes in copies, one at a time; passes if each of them is caught
    #[arg(long)]
    seeded: bool,
}

/// What an engine of our own is made of, by a program of each package.
const PROGRAMS: [(&str, &str); 6] = [
    ("dockerd", "docker.io"),
    ("docker", "docker.io"),
    ("iptables", "iptables"),
    ("ip", "iproute2"),
    ("mmdebstrap", "mmdebstrap"),
    ("objcopy", "binutils"),
];

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    let mut check = deploy::python(&workspace, "containers")?;
    check.arg("--state").arg(workspace.target().join("containers"));
    if has_engine() {
        say("uses this machine's container engine");
    } else {
        say("no container engine that can fetch images: starts one of its own");
        debian::commands(&PROGRAMS);
        check.arg("--program").arg(program(&workspace)?);
    }
    check.args(options.seeded.then_some("--seeded"));
    if super::passes(check) { Ok(()) } else { Err(Failure::Ended(1)) }
}

fn has_engine() -> bool {
    // The last one asks the registry, and fetches nothing else.
    let questions: [&[&str]; 3] =
        [&["info"], &["compose", "version"], &["manifest", "inspect", "redis:7.4"]];
    questions.iter().all(|question| succeeds(Command::new("docker").args(*question)))
}

/// The program that the environment names; otherwise it is built like in the Dockerfile.
fn program(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let arguments = ["--release", "--package", "reelwork", "--bin", "reelwork"];
    let linked = ["-C", "target-feature=+crt-static"];
    let build = || workspace.build_with("reelwork", &arguments, &linked);
    std::env::var_os("REELWORK_BIN").map_or_else(build, |path| Ok(path.into()))
}
