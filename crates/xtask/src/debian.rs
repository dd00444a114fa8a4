//! The distribution's packages: only on Debian, and only as root.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{on_path, output, say};

/// Returns whether they are installed now.
pub(crate) fn install(packages: &[&str]) -> bool {
    if !is_possible() {
        return false;
    }
    say(format!("installing Debian's {}", packages.join(", ")));
    let _forbidden = Forbidden::now();
    let arguments = ["install", "-y", "--no-install-recommends"];
    apt(&["update"]) && apt(&[arguments.as_slice(), packages].concat())
}

/// Installs small programs that tests call, if they are missing; each with its package.
pub(crate) fn commands(wanted: &[(&str, &str)]) {
    let missing: Vec<_> = wanted.iter().filter(|(name, _)| on_path(name).is_none()).collect();
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    if !missing.is_empty() && !install(&packages) {
        let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
        say(format!("not installed: {}; tests that call it will fail", names.join(", ")));
    }
}

fn is_possible() -> bool {
    let root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    root && Path::new("/etc/debian_version").exists() && on_path("apt-get").is_some()
}

fn apt(arguments: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.arg("-qq").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    // Errors go to stderr, which is ours.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// While it exists, no package starts a system service: the servers of the tests are private.
struct Forbidden {
    written: bool,
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl Forbidden {
    /// An existing policy is not changed.
    fn now() -> Self {
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o755).open(POLICY);
        // 101: the action is forbidden by policy.
        let written = file.and_then(|mut file| file.write_all(b"#!/bin/sh\nexit 101\n"));
        Self { written: written.is_ok() }
    }
}

impl Drop for Forbidden {
    fn drop(&mut self) {
        if self.written {
            let _ = fs::remove_file(POLICY);
        }
    }
}
