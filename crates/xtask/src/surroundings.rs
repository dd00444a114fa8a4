//! What tests need besides the tests, by the variables that name it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::debian;
use crate::failure::Failure;
use crate::needs::Needs;
use crate::node;
use crate::process::{say, succeeds};
use crate::python;
use crate::services::Service;
use crate::workspace::Workspace;

/// The scope of a build that all others share.
pub(crate) const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

pub(crate) type Environment = Vec<(&'static str, OsString)>;

pub(crate) struct Surroundings(Environment);

impl Surroundings {
    pub(crate) fn of(needs: &Needs) -> Result<Self, Failure> {
        // Read before the build replaces this file: afterwards the system has no path of it.
        let this = std::env::current_exe();
        let workspace = Workspace::here()?;
        debian::commands(&[("kill", "procps"), ("openssl", "openssl")]);
        let mut environment: Environment = Vec::new();
        if needs.the_program() {
            node::ready();
            environment
                .extend(python::ready(&workspace).map(|path| (python::VARIABLE, path.into())));
            environment.push(("REELWORK_BIN", program(&workspace, needs)?.into()));
            environment.extend(this.map(|path| ("REELWORK_XTASK", path.into())));
            // Writes the build's files to disk first: a broker that waits for the same disk is slow.
            succeeds(&mut Command::new("sync"));
        }
        Ok(Self(environment))
    }

    pub(crate) fn add(&mut self, programs: Vec<(&'static str, PathBuf)>) {
        self.0.extend(programs.into_iter().map(|(variable, path)| (variable, path.into())));
    }

    pub(crate) fn with(mut self, started: &[Service]) -> Environment {
        let urls = started.iter().map(Service::environment);
        self.0.extend(urls.map(|(variable, url)| (variable, url.into())));
        self.0
    }
}

/// The program that the tests run. For all tests it is built together with them and shares their
/// dependencies; for some it is built alone, without the other tests.
fn program(workspace: &Workspace, needs: &Needs) -> Result<PathBuf, Failure> {
    say("building");
    match needs.are_of_all() {
        false => {
            let target = ["--package", "reelwork", "--all-features", "--bin", "reelwork"];
            workspace.build("reelwork", &target)
        }
        true => {
            workspace.build("reelwork", &[EVERYTHING.as_slice(), &["--bins", "--tests"]].concat())
        }
    }
}
