use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::apt::Apt;
use crate::marker::{is_made, made};
use crate::process::say;

/// A root directory with RabbitMQ and Redis of a Debian release, and with all that they need: their
/// libraries are newer or older than those of the machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root {
    pub(super) release: &'static str,
}

/// The servers, and what their start scripts call.
const PACKAGES: [&str; 14] = [
    "rabbitmq-server",
    "redis-server",
    "base-files",
    "bash",
    "dash",
    "coreutils",
    "debianutils",
    "findutils",
    "grep",
    "hostname",
    "libc-bin",
    "mawk",
    "procps",
    "sed",
];

/// Where RabbitMQ's programs are, and Erlang's port mapper.
const PROGRAMS: [&str; 3] = [
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/lib/rabbitmq/bin/rabbitmqctl",
    "/usr/lib/erlang/bin/epmd",
];

pub(super) const REDIS: &str = "/usr/bin/redis-server";

impl Root {
    /// The directory with scripts that run RabbitMQ's programs in this root.
    pub(super) fn programs(self, servers: &Path) -> Result<PathBuf, String> {
        let directory = servers.join(self.release);
        let wanted = format!("{} {}", PACKAGES.join(" "), SCRIPT);
        if !is_made(&directory, &wanted) {
            say(format!(
                "unpacking the servers of Debian {} in {}",
                self.release,
                directory.display()
            ));
            self.fetch(&directory)?;
            made(&directory, &wanted)?;
        }
        Ok(directory.join("bin"))
    }

    fn fetch(self, directory: &Path) -> Result<(), String> {
        // Removes the files of an interrupted or older run.
        let _ = fs::remove_dir_all(directory);
        let root = directory.join("root");
        skeleton(&root).map_err(|error| format!("{}: {error}", root.display()))?;
        let apt = Apt::of(&directory.join("apt"), &[self.release])?;
        for package in apt.download_whole(&PACKAGES)? {
            package.unpack(&root)?;
        }
        apt.forget();
        furnish(&root).map_err(|error| format!("{}: {error}", root.display()))?;
        let scripts = directory.join("bin");
        let write = |program: &&str| script(&scripts, &root, program);
        let written = PROGRAMS.iter().chain([&REDIS]).map(write);
        written.collect::<std::io::Result<()>>().map_err(|error| error.to_string())
    }
}

/// Packages of older releases have files in `/bin`, newer ones in `/usr/bin`.
fn skeleton(root: &Path) -> std::io::Result<()> {
    for name in ["bin", "sbin", "lib", "lib64"] {
        fs::create_dir_all(root.join("usr").join(name))?;
        symlink(format!("usr/{name}"), root.join(name))?;
    }
    for name in ["proc", "dev", "tmp", "etc"] {
        fs::create_dir_all(root.join(name))?;
    }
    Ok(())
}

/// What the packages' own scripts would make.
fn furnish(root: &Path) -> std::io::Result<()> {
    for (link, name) in [("sh", "dash"), ("awk", "mawk")] {
        let link = root.join("usr/bin").join(link);
        let _ = fs::remove_file(&link);
        symlink(name, link)?;
    }
    for (file, text) in [
        ("passwd", "root:x:0:0:root:/root:/bin/sh\n"),
        ("group", "root:x:0:\n"),
        ("hosts", "127.0.0.1 localhost\n"),
        ("nsswitch.conf", "hosts: files\n"),
    ] {
        fs::write(root.join("etc").join(file), text)?;
    }
    Ok(())
}

/// Runs a program in a root directory that shares the machine's processes, devices and temporary
/// files. Its process keeps its id: the caller can end it.
const SCRIPT: &str = r#"#!/bin/sh
[ "$(id -u)" = 0 ] || user=--map-root-user
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
exec unshare $user --mount sh -c 'root=$0
for place in /proc /dev "${TMPDIR:-/tmp}"; do
    mkdir -p "$root$place" && mount --rbind "$place" "$root$place" || exit
done
exec chroot "$root" "$@"' 'ROOT' 'PROGRAM' "$@"
"#;

fn script(directory: &Path, root: &Path, program: &str) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let file = directory.join(Path::new(program).file_name().unwrap_or_default());
    let text = SCRIPT.replace("ROOT", &root.display().to_string()).replace("PROGRAM", program);
    fs::write(&file, text)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
}
