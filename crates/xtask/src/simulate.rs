//! Many simulated worlds, built in release.

use std::ffi::OsString;
use std::process::Command;

use crate::failure::Failure;
use crate::process::{run_to_end, say};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// `--jobs N`, `--seed S`, `--world N` (jobs of each), `--threads N`, `--json`, `--replay SEED`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    say("building");
    let target = ["--release", "--package", "world", "--example", "simulate"];
    let program = workspace.build("simulate", &target)?;
    let mut command = Command::new(program);
    command.args(&options.arguments);
    run_to_end(command).await
}
