//! What the program knows: operations with their fields, completions, and pages of the manual. No
//! configuration and no service is needed.

use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use daemon::ExitCode;
use job::Operation;
use kling::{FieldForm, Route};
use serde::Serialize;

use crate::cli::Cli;
use crate::error::Error;
use crate::output::Output;

#[derive(Serialize)]
struct OperationView {
    operation: &'static str,
    fields: Vec<FieldView>,
}

#[derive(Serialize)]
struct FieldView {
    name: String,
    required: bool,
    form: String,
}

/// `only`: all if it is not given.
pub(crate) fn operations(only: Option<&Operation>, output: &Output) -> ExitCode {
    let wanted = |route: &&Route| only.is_none_or(|only| only.as_str() == route.path());
    for route in Route::ALL.iter().filter(wanted) {
        let fields = kling::fields(*route).into_iter();
        let fields =
            fields.map(|FieldForm { name, required, form, .. }| FieldView { name, required, form });
        let view = OperationView { operation: route.path(), fields: fields.collect() };
        output.result(&view, || words(&view));
    }
    ExitCode::Ok
}

fn words(view: &OperationView) -> Vec<String> {
    let fields = view.fields.iter().map(|FieldView { name, required, form }| {
        let required = if *required { " (required)" } else { "" };
        format!("  {name}{required}: {form}")
    });
    [view.operation.to_owned()].into_iter().chain(fields).collect()
}

pub(crate) fn completions(shell: Shell, output: &Output) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "reelwork", &mut script);
    output.text(String::from_utf8_lossy(&script).trim_end());
    ExitCode::Ok
}

/// One page for the program and one for each command.
pub(crate) fn manual(directory: &Path) -> Result<ExitCode, Error> {
    let wrong = |error: io::Error| Error::Usage(format!("{}: {error}", directory.display()));
    std::fs::create_dir_all(directory).map_err(wrong)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(wrong)?;
    Ok(ExitCode::Ok)
}
