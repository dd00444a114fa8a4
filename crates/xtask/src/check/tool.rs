//! A program of cargo's registry, of one version.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{on_path, output, say};
use crate::workspace::Workspace;

pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

impl Tool {
    /// The one on `PATH` if it is of this version, else one in the user's cache: every checkout may
    /// use it, and it takes minutes to build.
    pub(super) fn program(&self, workspace: &Workspace) -> Option<PathBuf> {
        if let Some(found) = on_path(self.name).filter(|found| self.is(found)) {
            return Some(found);
        }
        let tools = cache(workspace).join("reelwork").join("tools");
        let own = tools.join("bin").join(self.name);
        if !self.is(&own) {
            let Self { name, version } = self;
            say(format!("installing {name} {version} into {}", tools.display()));
            // Unoptimised, it builds in a third of the time, and needs seconds instead of less.
            let mut install = workspace.cargo("install", &[name, "--locked", "--debug"]);
            install.args(["--version", version, "--root"]).arg(&tools);
            super::passes(install);
        }
        Some(own).filter(|own| self.is(own))
    }

    /// Some write their name before their version.
    fn is(&self, program: &PathBuf) -> bool {
        let told = output(Command::new(program).arg("--version"));
        told.is_some_and(|told| told.split_whitespace().next_back() == Some(self.version))
    }
}

fn cache(workspace: &Workspace) -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    set("XDG_CACHE_HOME").or_else(home).unwrap_or_else(|| workspace.target().to_owned())
}
