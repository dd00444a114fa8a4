//! A private RabbitMQ and Redis, which the test may damage.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::harness::free_port;

/// On a loaded machine, RabbitMQ starts slowly.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(50);

/// The policy that makes queues full.
const NARROW: &str = "narrow";

/// A server that can be restarted with its files.
struct Server {
    command: Box<dyn Fn() -> Command + Send>,
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(address: SocketAddr, command: impl Fn() -> Command + Send + 'static) -> Self {
        let child = group(command());
        Self { command: Box::new(command), child, address }
    }

    /// Sends SIGKILL to it and to all processes that it started.
    fn kill(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }

    fn restart(&mut self) {
        self.child = group((self.command)());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn group(mut command: Command) -> Child {
    command.stdin(Stdio::null()).process_group(0).spawn().expect("a server")
}

pub(crate) struct Redis {
    server: Server,
    _directory: TempDir,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let (port, directory) = (free_port(), tempfile::tempdir().expect("a directory"));
        let path = directory.path().to_owned();
        let server = Server::start(at(port), move || {
            let mut command = Command::new(program("REELWORK_TEST_REDIS_SERVER", "redis-server"));
            command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
            command.args(["--appendonly", "yes", "--dir"]).arg(&path);
            command.stdout(Stdio::null());
            command
        });
        let redis = Self { server, _directory: directory };
        redis.answers().await;
        redis
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    pub(crate) async fn restart(&mut self) {
        self.server.restart();
        self.answers().await;
    }

    /// Sends one command on a new connection.
    pub(crate) async fn tell(&self, command: &str) {
        let answer = self.ask(command).await.expect("Redis");
        assert!(answer.starts_with("+OK"), "{command}: {answer}");
    }

    async fn ask(&self, command: &str) -> std::io::Result<String> {
        let mut wire = BufReader::new(TcpStream::connect(self.address()).await?);
        wire.write_all(format!("{command}\r\n").as_bytes()).await?;
        let mut answer = String::new();
        wire.read_line(&mut answer).await?;
        Ok(answer)
    }

    async fn answers(&self) {
        patiently("Redis", async || self.ask("PING").await.is_ok_and(|a| a.starts_with("+PONG")))
            .await;
    }
}

pub(crate) struct Rabbit {
    server: Server,
    _port_mapper: Server,
    node: Vec<(String, String)>,
    _directory: TempDir,
}

impl Rabbit {
    pub(crate) async fn start() -> Self {
        let (port, distribution, epmd) = (free_port(), free_port(), free_port());
        let directory = tempfile::tempdir().expect("a directory");
        let node = prepare(directory.path(), port, distribution, epmd);
        let port_mapper = Server::start(at(epmd), move || {
            let mut command = Command::new(program("", "/usr/lib/erlang/bin/epmd"));
            command.args(["-port", &epmd.to_string(), "-address", "127.0.0.1"]);
            command
        });
        let (variables, log) = (node.clone(), directory.path().join("server.log"));
        let server = Server::start(at(port), move || {
            let place = "/usr/lib/rabbitmq/bin/rabbitmq-server";
            let mut command = Command::new(program("REELWORK_TEST_RABBITMQ_SERVER", place));
            let log = File::options().create(true).append(true).open(&log).expect("a log");
            command.envs(variables.clone()).stdout(log.try_clone().expect("a log")).stderr(log);
            command
        });
        let rabbit = Self { server, _port_mapper: port_mapper, node, _directory: directory };
        rabbit.answers().await;
        rabbit
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.address())
    }

    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    pub(crate) async fn restart(&mut self) {
        self.server.restart();
        self.answers().await;
    }

    /// The share of the machine's memory above which publishers are blocked.
    pub(crate) async fn memory(&self, share: f64) {
        self.control(&["set_vm_memory_high_watermark", &share.to_string()]).await;
    }

    /// Limits this queue to one message by a policy.
    pub(crate) async fn narrow(&self, queue: &str) {
        let name = format!("^{}$", queue.replace('.', r"\."));
        let room = r#"{"max-length": 1}"#;
        self.control(&["set_policy", NARROW, &name, room, "--apply-to", "queues"]).await;
    }

    pub(crate) async fn widen(&self) {
        self.control(&["clear_policy", NARROW]).await;
    }

    /// Closes all connections from the broker's side.
    pub(crate) async fn close_connections(&self) {
        self.control(&["close_all_connections", "--global", "maintenance"]).await;
    }

    pub(crate) async fn control(&self, arguments: &[&str]) {
        let mut control = tokio::process::Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl");
        control.envs(self.node.clone()).stdout(Stdio::null()).args(arguments);
        assert!(control.status().await.expect("rabbitmqctl").success(), "{arguments:?}");
    }

    /// Waits for the AMQP greeting; an open port alone is not enough.
    async fn answers(&self) {
        patiently("RabbitMQ", async || {
            let properties = lapin::ConnectionProperties::default();
            lapin::Connection::connect(&self.url(), properties).await.is_ok()
        })
        .await;
    }
}

/// A node that shares nothing with other nodes on this machine.
fn prepare(home: &Path, port: u16, distribution: u16, epmd: u16) -> Vec<(String, String)> {
    let path = |name: &str| home.join(name).display().to_string();
    std::fs::create_dir(home.join("home")).expect("a directory");
    std::fs::write(home.join("plugins"), "[].\n").expect("a file");
    let configuration =
        format!("listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 100MB\n");
    std::fs::write(home.join("rabbitmq.conf"), configuration).expect("a file");
    let variables = [
        ("HOME", path("home")),
        ("RABBITMQ_MNESIA_BASE", path("data")),
        ("RABBITMQ_LOG_BASE", path("log")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins")),
        ("RABBITMQ_CONF_ENV_FILE", path("none")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", path("none")),
        ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
        ("RABBITMQ_NODENAME", format!("reelwork-{port}@localhost")),
        ("RABBITMQ_NODE_PORT", port.to_string()),
        ("RABBITMQ_DIST_PORT", distribution.to_string()),
        ("ERL_EPMD_PORT", epmd.to_string()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

fn program(variable: &str, place: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| place.into(), PathBuf::from)
}

fn at(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

async fn patiently(name: &str, mut answers: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !answers().await {
        assert!(Instant::now() < deadline, "{name} does not answer");
        tokio::time::sleep(LOOK).await;
    }
}
