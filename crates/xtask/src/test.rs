//! The tests, with everything that they need.

use std::ffi::OsString;
use std::process::Command;

use crate::debian;
use crate::failure::Failure;
use crate::needs::Needs;
use crate::node;
use crate::process::{run_to_end, say, succeeds};
use crate::python;
use crate::services::{self, Service};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// For cargo-nextest, or for `cargo test` where there is none; without any, everything is
    /// tested, documentation included.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Starts only what the requested tests use. Services that were started here end with it in any
/// case.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    // Read before the build replaces this file: afterwards the system has no path of it.
    let this = std::env::current_exe();
    let needs = Needs::of(&options.arguments);
    debian::commands(&[("kill", "procps"), ("openssl", "openssl")]);
    let mut environment: Vec<(&str, OsString)> = Vec::new();
    let servers = needs.servers();
    let started = servers.iter().map(|kind| Service::ready(*kind));
    let started = started.collect::<Result<Vec<_>, _>>()?;
    environment.extend(started.iter().map(Service::environment).map(|(k, v)| (k, v.into())));
    environment.extend(services::programs(&servers).into_iter().map(|(k, v)| (k, v.into())));
    if needs.the_program() {
        node::ready();
        environment.extend(python::ready(&workspace).map(|path| (python::VARIABLE, path.into())));
        environment.push(("REELWORK_BIN", program(&workspace, &needs)?.into()));
        environment.extend(this.map(|path| ("REELWORK_XTASK", path.into())));
        // Writes the build's files to disk first: a broker that waits for the same disk is slow.
        succeeds(&mut Command::new("sync"));
    }

    for mut command in commands(&workspace, &options.arguments, &needs) {
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        run_to_end(command).await?;
    }
    Ok(())
}

/// The program that the tests run. For all tests it is built together with them and shares their
/// dependencies; for some it is built alone, without the other tests.
fn program(workspace: &Workspace, needs: &Needs) -> Result<std::path::PathBuf, Failure> {
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

const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

fn commands(workspace: &Workspace, arguments: &[OsString], needs: &Needs) -> Vec<Command> {
    let nextest = succeeds(&mut workspace.cargo("nextest", &["--version"]));
    let scope: &[&str] = if needs.are_of_all() { &EVERYTHING } else { &[] };
    let mut commands = vec![match nextest {
        true => workspace.cargo("nextest", &[&["run"], scope].concat()),
        false => workspace.cargo("test", &[scope, &["--no-fail-fast"]].concat()),
    }];
    commands[0].args(arguments);
    // `cargo test` has already tested the documentation.
    if nextest && arguments.is_empty() {
        commands.push(workspace.cargo("test", &[&["--doc"], scope].concat()));
    }
    commands
}
