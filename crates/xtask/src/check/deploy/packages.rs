//! Programs from the distribution's packages, unpacked but not installed: they are from another
//! release, and no service may start.

use std::fs;
use std::path::{Path, PathBuf};

use crate::apt::Apt;
use crate::marker::{is_made, made};
use crate::process::say;

/// Each with its release.
const PACKAGES: [(&str, &str); 3] =
    [("docker-compose", "trixie"), ("kustomize", "trixie"), ("prometheus", "bookworm")];

/// Where the programs are in the packages.
const PROGRAMS: [&str; 2] = ["usr/bin", "usr/libexec/docker/cli-plugins"];

/// Prepares them in `root` below the directory; the error is the reason why it failed.
pub(super) fn ready(directory: &Path) -> Result<(), String> {
    let wanted = PACKAGES.map(|(package, release)| format!("{package}/{release}"));
    if is_made(directory, &wanted.join("\n")) {
        return Ok(());
    }
    say(format!("unpacking Debian's {} into {}", wanted.join(", "), directory.display()));
    fetch(directory, &wanted)?;
    made(directory, &wanted.join("\n"))
}

/// The directories of the programs.
pub(super) fn programs(directory: &Path) -> impl Iterator<Item = PathBuf> {
    PROGRAMS.into_iter().map(|place| directory.join("root").join(place))
}

fn fetch(directory: &Path, wanted: &[String]) -> Result<(), String> {
    // Removes the files of an interrupted or older run.
    let _ = fs::remove_dir_all(directory);
    let releases: Vec<&str> = PACKAGES.iter().map(|(_, release)| *release).collect();
    let apt = Apt::of(&directory.join("apt"), &releases)?;
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    for package in apt.download(&wanted)? {
        package.unpack(&directory.join("root"))?;
    }
    // The package lists are larger than the programs.
    apt.forget();
    Ok(())
}
