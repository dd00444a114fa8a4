//! A program from cargo's registry, in a fixed version.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{on_path, output, say};
use crate::workspace::Workspace;

pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

impl Tool {
    /// The program on `PATH` if it has this version, or one in the user's cache: all checkouts
    /// share it, because building it takes minutes.
    pub(super) fn program(&self, workspace: &Workspace) -> Option<PathBuf> {
        if let Some(found) = on_path(self.name).filter(|found| self.is(found)) {
            return Some(found);
        }
        let tools = workspace.cache().join("tools");
        let own = tools.join("bin").join(self.name);
        if !self.is(&own) {
            let Self { name, version } = self;
            say(format!("installing {name} {version} into {}", tools.display()));
            // Without optimisation it builds in a third of the time, and still runs within seconds.
            let mut install = workspace.cargo("install", &[name, "--locked", "--debug"]);
            install.args(["--version", version, "--root"]).arg(&tools);
            super::passes(install);
        }
        Some(own).filter(|own| self.is(own))
    }

    /// Some programs print their name before the version.
    fn is(&self, program: &PathBuf) -> bool {
        let told = output(Command::new(program).arg("--version"));
        told.is_some_and(|told| told.split_whitespace().next_back() == Some(self.version))
    }
}
