//! cargo-deny, of one version.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{on_path, output, say};
use crate::workspace::Workspace;

const VERSION: &str = "0.20.2";

/// Bans, licences and sources, from what `cargo fetch` has brought: without the network.
pub(super) fn command(workspace: &Workspace) -> Option<Command> {
    let program = program(workspace)?;
    if !super::passes(workspace.cargo("fetch", &["--locked"])) {
        return None;
    }
    let mut command = Command::new(program);
    command.current_dir(workspace.root()).args(["--all-features", "--offline"]);
    command.args(["--config", ".deny.toml", "check", "bans", "licenses", "sources"]);
    Some(command)
}

/// The one on `PATH` if it is of this version, else one below the target directory.
fn program(workspace: &Workspace) -> Option<PathBuf> {
    let tools = workspace.target().join("tools");
    let own = tools.join("bin").join("cargo-deny");
    if let Some(found) = on_path("cargo-deny").filter(is_it) {
        return Some(found);
    }
    if !is_it(&own) {
        say(format!("installing cargo-deny {VERSION} into {}", tools.display()));
        // Unoptimised, it builds in a third of the time, and needs 3 s instead of half of one.
        let mut install = workspace.cargo("install", &["cargo-deny", "--locked", "--debug"]);
        install.args(["--version", VERSION, "--root"]).arg(&tools);
        super::passes(install);
    }
    Some(own).filter(is_it)
}

fn is_it(program: &PathBuf) -> bool {
    let version = output(Command::new(program).arg("--version"));
    version.is_some_and(|version| version == format!("cargo-deny {VERSION}"))
}
