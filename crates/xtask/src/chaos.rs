//! Crash points and faults: tests the promises while processes and servers fail.

use std::ffi::OsString;
use std::process::Command;

use crate::failure::Failure;
use crate::process::{run_to_end, say};
use crate::services::{self, Kind, Service};
use crate::surroundings::EVERYTHING;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `--only TEXT`, `--trouble 10m` (how long a fault lasts), `--budget 10m`, `--seed S`,
    /// `--short` (only faults of servers and processes), `--clusters N` (random nodes of a RabbitMQ
    /// cluster and a Redis Cluster; with `--sentinel`, of a master with a replica), `--json`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// The run damages servers of its own; pairs of crash points use the shared ones.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    say("building");
    // As the tests are built, with the same features: nothing is built twice.
    let all = [EVERYTHING.as_slice(), &["--bins", "--tests", "--examples"]].concat();
    let program = workspace.build("reelwork", &all)?;
    let chaos = workspace.build("chaos", &all)?;
    let started = [Service::ready(Kind::Rabbitmq).await?, Service::ready(Kind::Redis).await?];
    let mut command = Command::new(chaos);
    command.args(&options.arguments).envs(started.iter().map(Service::environment));
    command
        .envs(services::programs(&[services::Kind::Rabbitmq, services::Kind::Redis]))
        .env("REELWORK_BIN", program);
    run_to_end(command).await
}
