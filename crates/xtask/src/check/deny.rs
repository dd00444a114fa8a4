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

/// The one on `PATH` if it is of this version, else one in the user's cache: every checkout may
/// use it, and it takes minutes to build.
fn program(workspace: &Workspace) -> Option<PathBuf> {
    let tools = cache(workspace).join("reelwork").join("tools");
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

fn cache(workspace: &Workspace) -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".cache"));
    set("XDG_CACHE_HOME").or_else(home).unwrap_or_else(|| workspace.target().to_owned())
}

fn is_it(program: &PathBuf) -> bool {
    let version = output(Command::new(program).arg("--version"));
    version.is_some_and(|version| version == format!("cargo-deny {VERSION}"))
}
