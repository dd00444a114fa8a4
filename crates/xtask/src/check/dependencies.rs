//! The dependencies of the packages: each must be allowed, and used.

use std::process::Command;

use super::tool::Tool;
use crate::workspace::Workspace;

const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
const MACHETE: Tool = Tool { name: "cargo-machete", version: "0.9.2" };

/// Bans, licences and sources, from the result of `cargo fetch`, without the network.
pub(super) fn allowed(workspace: &Workspace) -> Option<Command> {
    let program = DENY.program(workspace)?;
    if !super::passes(workspace.cargo("fetch", &["--locked"])) {
        return None;
    }
    let mut command = Command::new(program);
    command.current_dir(workspace.root()).args(["--all-features", "--offline"]);
    command.args(["--config", ".deny.toml", "check", "bans", "licenses", "sources"]);
    Some(command)
}

/// Finds dependencies that no source file of the package uses.
pub(super) fn used(workspace: &Workspace) -> Option<Command> {
    let mut command = Command::new(MACHETE.program(workspace)?);
    command.current_dir(workspace.root()).args(["crates", "tests"]);
    Some(command)
}
