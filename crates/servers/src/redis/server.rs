use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::reply::{Reply, ask};
use crate::port::free_port;
use crate::process::Group;
use crate::{Programs, patiently, probe};

const PATIENCE: Duration = Duration::from_secs(30);

/// A Redis or Valkey server on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    port: u16,
    settings: Vec<String>,
    /// Of a Sentinel, which also writes it; other servers have none.
    file: Option<PathBuf>,
    /// Empty if it has none.
    password: String,
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
        let mut server = Self::stopped(programs)?;
        server.settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        server.password = server.value("requirepass").unwrap_or_default().to_owned();
        server.restart().await?;
        Ok(server)
    }

    /// A Sentinel with these lines in its file.
    pub(super) async fn sentinel(
        programs: &Programs,
        lines: &str,
        password: &str,
    ) -> io::Result<Self> {
        let mut server = Self::stopped(programs)?;
        let file = server.directory.path().join("sentinel.conf");
        std::fs::write(&file, lines)?;
        (server.file, server.password) = (Some(file), password.to_owned());
        server.restart().await?;
        Ok(server)
    }

    fn stopped(programs: &Programs) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("reelwork-test-").tempdir()?;
        Ok(Self {
            programs: programs.clone(),
            port: free_port(),
            settings: Vec::new(),
            file: None,
            password: String::new(),
            process: None,
            directory,
        })
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
        let mut process = Group::start(self.command(), self.directory.path())?;
        let port = self.port;
        process.answering("Redis", PATIENCE, async || listens(port).await).await?;
        self.process = Some(process);
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.programs.redis);
        match &self.file {
            Some(file) => command.arg(file).arg("--sentinel"),
            None => command.args(["--save", ""]),
        };
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string()]);
        command.arg("--dir").arg(self.directory.path());
        for setting in &self.settings {
            let (name, values) = setting.split_once(' ').unwrap_or((setting, ""));
            command.arg(format!("--{name}")).args(values.split(' '));
        }
        command
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

    /// The values of a setting.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let named = self.settings.iter().filter_map(|setting| setting.split_once(' '));
        named.filter(|(found, _)| *found == name).map(|(_, values)| values).next_back()
    }

    /// Waits until its replica has every write.
    pub async fn is_copied(&self) -> io::Result<()> {
        let has_all = |info: Reply| {
            let offset = format!("offset={}", info.field("master_repl_offset"));
            let replica: Vec<&str> = info.field("slave0").split(',').collect();
            replica.contains(&"state=online") && replica.contains(&offset.as_str())
        };
        patiently("the replica has every write", PATIENCE, async || {
            self.ask(&["INFO", "replication"]).is_ok_and(has_all)
        })
        .await
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
        ask(self.address(), &self.password, words)
    }
}

/// A server with a password answers too: with an error. So does one that still reads its files. In a
/// thread, because the probe blocks.
async fn listens(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let refuses = |error: &io::Error| {
        error.kind() == io::ErrorKind::Other && !error.to_string().starts_with("LOADING")
    };
    let asked = tokio::task::spawn_blocking(move || {
        probe::redis(port) || ask(address, "", &["PING"]).is_err_and(|error| refuses(&error))
    });
    asked.await.unwrap_or(false)
}
