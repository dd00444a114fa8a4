//! The tests, with everything that they need.

use std::ffi::OsString;
use std::process::Command;

use crate::failure::Failure;
use crate::matrix;
use crate::needs::Needs;
use crate::process::{run_to_end, succeeds};
use crate::services::{self, Service};
use crate::surroundings::{EVERYTHING, Environment, Surroundings};
use crate::versions::Pair;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Runs on other versions of the servers, which are fetched: all, or a part of a name such as
    /// rabbitmq-4.3+valkey-9.1. Without arguments, it runs what depends on servers, and a short
    /// chaos, and prints a table.
    #[arg(long, value_name = "NAME")]
    servers: Option<String>,
    /// For cargo-nextest, or for `cargo test` where there is none; without any, everything is
    /// tested, documentation included.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Starts only what the requested tests use. Services that were started here end with it in any
/// case.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    match &options.servers {
        None => run_here(&options.arguments).await,
        Some(name) => run_on(name, &options.arguments).await,
    }
}

async fn run_here(arguments: &[OsString]) -> Result<(), Failure> {
    let needs = Needs::of(arguments);
    let mut started = Vec::new();
    for kind in needs.servers() {
        started.push(Service::ready(kind).await?);
    }
    let mut surroundings = Surroundings::of(&needs)?;
    surroundings.add(services::programs(&needs.servers()));
    run_with(&needs, arguments, surroundings.with(&started)).await
}

async fn run_on(name: &str, arguments: &[OsString]) -> Result<(), Failure> {
    let pairs = Pair::named(name)?;
    if arguments.is_empty() {
        return matrix::run(&pairs).await;
    }
    let needs = Needs::of(arguments);
    for pair in pairs {
        let servers = services::of(pair).await?;
        let mut surroundings = Surroundings::of(&needs)?;
        surroundings.add(servers.programs());
        run_with(&needs, arguments, surroundings.with(&servers.started)).await?;
    }
    Ok(())
}

async fn run_with(
    needs: &Needs,
    arguments: &[OsString],
    environment: Environment,
) -> Result<(), Failure> {
    for mut command in commands(&Workspace::here()?, arguments, needs) {
        command.envs(environment.clone());
        run_to_end(command).await?;
    }
    Ok(())
}

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
