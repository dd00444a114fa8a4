//! Private servers from installed programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Kind, Service, ports};
use crate::failure::Failure;
use crate::guard::Guarded;
use crate::process::{is_program, on_path, say};

/// A RabbitMQ node needs 5 to 11 s on an idle machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The program: from the environment variable, from Debian's path, or on `PATH`.
pub(super) fn server(kind: Kind) -> Option<PathBuf> {
    let named = std::env::var_os(kind.server_variable()).map(PathBuf::from);
    let place = || Some(PathBuf::from(kind.place())).filter(|file| is_program(file));
    named.or_else(place).or_else(|| on_path(kind.package()))
}

pub(super) fn start(kind: Kind, server: &Path) -> Result<Service, Failure> {
    let stuck = |error| Failure::stuck(server.display(), error);
    let (port, guards) = match kind {
        Kind::Rabbitmq => rabbitmq(server),
        Kind::Redis => redis(server),
    }
    .map_err(stuck)?;
    say(format!("{kind}: a private one on 127.0.0.1:{port}, from {}", server.display()));
    Service::ours(kind, port, guards, PATIENCE)
}

fn redis(server: &Path) -> std::io::Result<(u16, Vec<Guarded>)> {
    let [port] = ports::free()?;
    let directory = directory()?;
    let mut command = Command::new(server);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.arg("--dir").arg(directory.path());
    Ok((port, vec![Guarded::start(directory, &command, None)?]))
}

fn rabbitmq(server: &Path) -> std::io::Result<(u16, Vec<Guarded>)> {
    let [port, distribution, epmd] = ports::free()?;
    let home = directory()?;
    let configuration = home.path().join("rabbitmq.conf");
    std::fs::write(&configuration, configure(port))?;
    let mut command = Command::new(server);
    for (name, path) in [
        ("HOME", "home"),
        ("RABBITMQ_MNESIA_BASE", "data"),
        ("RABBITMQ_LOG_BASE", "log"),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
        ("RABBITMQ_CONF_ENV_FILE", "none"),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", "none"),
    ] {
        command.env(name, home.path().join(path));
    }
    std::fs::create_dir(home.path().join("home"))?;
    std::fs::write(home.path().join("plugins"), "[].\n")?;
    command.env("RABBITMQ_CONFIG_FILE", &configuration);
    command.env("RABBITMQ_NODENAME", format!("reelwork-{port}@localhost"));
    command.env("RABBITMQ_NODE_PORT", port.to_string());
    command.env("RABBITMQ_DIST_PORT", distribution.to_string());
    command.env("ERL_EPMD_PORT", epmd.to_string());
    let mut guards = Vec::from_iter(port_mapper(epmd)?);
    guards.push(Guarded::start(home, &command, None)?);
    Ok((port, guards))
}

fn configure(port: u16) -> String {
    format!("listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 100MB\n")
}

/// Erlang's port mapper. If there is none, a node starts one and leaves it running; so we start one
/// of our own.
fn port_mapper(port: u16) -> std::io::Result<Option<Guarded>> {
    let place = Some(PathBuf::from("/usr/lib/erlang/bin/epmd")).filter(|file| is_program(file));
    let Some(program) = place.or_else(|| on_path("epmd")) else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(["-port", &port.to_string(), "-address", "127.0.0.1"]);
    Guarded::start(directory()?, &command, None).map(Some)
}

fn directory() -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix("reelwork-test-").tempdir()
}
