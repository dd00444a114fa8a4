use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::reply::{Reply, ask};
use crate::port::free_port;
use crate::process::Group;
use crate::{Programs, probe};

const PATIENCE: Duration = Duration::from_secs(30);

/// A Redis or Valkey server on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    port: u16,
    settings: Vec<String>,
    /// `None` while it is killed.
    process: Option<Group>,
    directory: TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Master,
    /// Of a master that it is connected to, or waits for.
    Replica {
        connected: bool,
    },
}

impl Server {
    /// A server of the selected programs with these settings, each `name value`. Without others, it
    /// writes nothing to disk.
    pub async fn start(settings: &[&str]) -> io::Result<Self> {
        Self::of(&Programs::selected(), settings).await
    }

    pub async fn of(programs: &Programs, settings: &[&str]) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("reelwork-test-").tempdir()?;
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let (programs, port) = (programs.clone(), free_port());
        let mut server = Self { programs, port, settings, process: None, directory };
        server.restart().await?;
        Ok(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where its files are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// SIGKILL, as a power cut would. Its files stay.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again with its files.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = Command::new(&self.programs.redis);
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", ""]);
        command.arg("--dir").arg(self.directory.path());
        for setting in &self.settings {
            let (name, values) = setting.split_once(' ').unwrap_or((setting, ""));
            command.arg(format!("--{name}")).args(values.split(' '));
        }
        let mut process = Group::start(command, self.directory.path())?;
        let port = self.port;
        process.answering("Redis", PATIENCE, async || listens(port).await).await?;
        self.process = Some(process);
        Ok(())
    }

    /// As [`restart`](Self::restart), from now on with this setting instead of the one before.
    pub async fn restart_with(&mut self, setting: &str) -> io::Result<()> {
        let name = |setting: &str| setting.split(' ').next().unwrap_or_default().to_owned();
        self.settings.retain(|before| name(before) != name(setting));
        self.settings.push(setting.to_owned());
        self.restart().await
    }

    /// It answers nothing, and its connections stay open.
    pub fn freeze(&self) {
        if let Some(process) = &self.process {
            process.freeze();
        }
    }

    pub fn thaw(&self) {
        if let Some(process) = &self.process {
            process.thaw();
        }
    }

    /// The port on which the nodes of a Cluster talk to each other.
    pub(super) fn bus_port(&self) -> io::Result<String> {
        let named = self.settings.iter().find_map(|setting| setting.strip_prefix("cluster-port "));
        named.map(str::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// `None`: it does not answer.
    pub(super) fn role(&self) -> Option<Role> {
        let info = self.ask(&["INFO", "replication"]).ok()?;
        match info.field("role") {
            "master" => Some(Role::Master),
            "slave" => Some(Role::Replica { connected: info.field("master_link_status") == "up" }),
            _ => None,
        }
    }

    /// What it is, as in `Valkey 9.1.2`.
    pub fn version(&self) -> io::Result<String> {
        let info = self.ask(&["INFO", "server"])?;
        Ok(match info.field("valkey_version") {
            "" => format!("Redis {}", info.field("redis_version")),
            version => format!("Valkey {version}"),
        })
    }

    /// Sends one command on a connection of its own.
    pub fn ask(&self, words: &[&str]) -> io::Result<Reply> {
        ask(self.address(), words)
    }
}

/// A server with a password answers too: with an error. In a thread, because the probe blocks.
async fn listens(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let asked = tokio::task::spawn_blocking(move || {
        probe::redis(port)
            || ask(address, &["PING"]).is_err_and(|e| e.kind() == io::ErrorKind::Other)
    });
    asked.await.unwrap_or(false)
}
