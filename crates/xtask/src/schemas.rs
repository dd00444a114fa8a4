//! The documents for programs in other languages, generated from the types.

use std::process::Command;

use crate::failure::Failure;
use crate::process::run_to_end;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Changes nothing: fails when a document differs.
    #[arg(long)]
    check: bool,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    let target = ["--package", "contract", "--example", "schemas"];
    let mut command = Command::new(workspace.build("schemas", &target)?);
    command.arg(workspace.root().join("schemas"));
    if options.check {
        command.arg("--check");
    }
    run_to_end(command).await
}
