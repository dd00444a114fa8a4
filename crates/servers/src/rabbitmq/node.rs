use std::io;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::configuration::{Configuration, Ports, prepare};
use crate::port::free_port;
use crate::process::{Group, patiently};
use crate::{Programs, probe};

/// A loaded machine starts a node slowly.
const PATIENCE: Duration = Duration::from_secs(120);

/// Attempts to start a node again.
const STARTS: usize = 3;

/// A RabbitMQ node that listens on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Node {
    programs: Programs,
    ports: Ports,
    variables: Vec<(String, String)>,
    /// `None` while it is killed.
    server: Option<Group>,
    // Declared last: the server ends first, then its port mapper, then the files are removed.
    _port_mapper: Arc<PortMapper>,
    home: TempDir,
}

/// Erlang's port mapper. If there is none, a node starts one and leaves it running.
#[derive(Debug)]
pub(super) struct PortMapper {
    port: u16,
    _process: Group,
    _home: TempDir,
}

impl PortMapper {
    pub(super) fn start(programs: &Programs) -> io::Result<Arc<Self>> {
        let (port, home) = (free_port(), directory()?);
        let mut command = Command::new(programs.port_mapper());
        command.args(["-port", &port.to_string(), "-address", "127.0.0.1"]);
        let process = Group::start(command, home.path())?;
        Ok(Arc::new(Self { port, _process: process, _home: home }))
    }
}

impl Node {
    /// A single node of the selected programs.
    pub async fn start() -> io::Result<Self> {
        Self::configured(&Programs::selected(), &Configuration::default()).await
    }

    pub async fn configured(programs: &Programs, wanted: &Configuration) -> io::Result<Self> {
        let port_mapper = PortMapper::start(programs)?;
        let mut node = Self::launch(programs, Ports::free(), port_mapper, wanted)?;
        node.answers().await?;
        if wanted.managed {
            node.manages().await?;
        }
        Ok(node)
    }

    /// Starts its process, and does not wait.
    pub(super) fn launch(
        programs: &Programs,
        ports: Ports,
        port_mapper: Arc<PortMapper>,
        wanted: &Configuration,
    ) -> io::Result<Self> {
        let home = directory()?;
        let variables = prepare(home.path(), ports, port_mapper.port, wanted)?;
        let mut node = Self {
            programs: programs.clone(),
            ports,
            variables,
            server: None,
            _port_mapper: port_mapper,
            home,
        };
        node.run()?;
        Ok(node)
    }

    fn run(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.programs.rabbitmq);
        command.envs(self.variables.clone());
        self.server = Some(Group::start(command, self.home.path())?);
        Ok(())
    }

    /// Its name in the cluster.
    pub fn name(&self) -> String {
        self.ports.name()
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.ports.amqp).into()
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.address())
    }

    pub fn management_port(&self) -> u16 {
        self.ports.management
    }

    /// SIGKILL, as a power cut would. Its files stay.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again with its files. A node that starts while others still take it for alive may
    /// end by itself; it is then started once more, as a supervisor does.
    pub async fn restart(&mut self) -> io::Result<()> {
        for _ in 1..STARTS {
            self.run_again()?;
            if self.answers().await.is_ok() {
                return Ok(());
            }
        }
        self.run_again()?;
        self.answers().await
    }

    fn run_again(&mut self) -> io::Result<()> {
        self.kill();
        self.run()
    }

    /// It answers nothing, and its connections stay open.
    pub fn freeze(&self) {
        if let Some(server) = &self.server {
            server.freeze();
        }
    }

    pub fn thaw(&self) {
        if let Some(server) = &self.server {
            server.thaw();
        }
    }

    pub(super) async fn answers(&mut self) -> io::Result<()> {
        let port = self.ports.amqp;
        let Some(server) = &mut self.server else { return Err(io::ErrorKind::NotConnected.into()) };
        server.answering("RabbitMQ", PATIENCE, async || opens(port).await).await
    }

    /// The management plugin listens later than the broker.
    async fn manages(&self) -> io::Result<()> {
        let address = ("127.0.0.1", self.ports.management);
        patiently("the management plugin listens", PATIENCE, async || {
            tokio::net::TcpStream::connect(address).await.is_ok()
        })
        .await
    }

    /// What it has logged so far.
    pub fn log(&self) -> io::Result<String> {
        let mut text = Vec::new();
        for file in std::fs::read_dir(self.home.path().join("log"))? {
            text.extend(std::fs::read(file?.path())?);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs `rabbitmqctl` on it; its output. An error contains what it said.
    pub async fn control(&self, arguments: &[&str]) -> io::Result<String> {
        let mut control = tokio::process::Command::new(self.programs.rabbitmq_control());
        control.envs(self.variables.clone()).stdin(Stdio::null()).args(arguments);
        let output = control.output().await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let said = text(&output.stderr);
        Err(io::Error::other(format!("rabbitmqctl {}: {said}", arguments.join(" "))))
    }
}

/// In a thread, because the probe blocks.
async fn opens(port: u16) -> bool {
    let asked = tokio::task::spawn_blocking(move || probe::rabbitmq(port));
    asked.await.is_ok_and(|version| version.is_some())
}

pub(super) fn directory() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("reelwork-test-").tempdir()
}
