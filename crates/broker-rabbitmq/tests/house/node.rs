//! A RabbitMQ of the test's own, whose queues can be frozen.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;

/// A loaded machine takes its time to start a broker.
const PATIENCE: Duration = Duration::from_secs(120);
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
const PORT_MAPPER: &str = "/usr/lib/erlang/bin/epmd";

pub(crate) struct Node {
    port: u16,
    management: u16,
    variables: Vec<(String, String)>,
    _server: Group,
    _port_mapper: Group,
    _directory: TempDir,
}

/// A process and everything that it started; dropped, they end.
struct Group(Child);

impl Group {
    fn start(mut command: Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.process_group(0).spawn().expect("a program"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::with_plugins("[].").await
    }

    /// With the plugin that shows policies.
    pub(crate) async fn managed() -> Self {
        let node = Self::with_plugins("[rabbitmq_management].").await;
        let listening = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", node.management)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, listening).await.expect("no management plugin");
        node
    }

    pub(crate) fn management_port(&self) -> u16 {
        self.management
    }

    async fn with_plugins(plugins: &str) -> Self {
        let [port, distribution, epmd, management] = free_ports();
        let directory = tempfile::tempdir().expect("a directory");
        let variables = prepare(directory.path(), port, distribution, epmd);
        write(directory.path(), plugins, port, management);
        let mut mapper = Command::new(PORT_MAPPER);
        mapper.args(["-port", &epmd.to_string(), "-address", "127.0.0.1"]);
        let port_mapper = Group::start(mapper);
        let named = std::env::var_os("REELWORK_TEST_RABBITMQ_SERVER").map(PathBuf::from);
        let mut server = Command::new(named.unwrap_or_else(|| SERVER.into()));
        server.envs(variables.clone());
        let server = Group::start(server);
        let node = Self {
            port,
            management,
            variables,
            _server: server,
            _port_mapper: port_mapper,
            _directory: directory,
        };
        node.answers().await;
        node
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    async fn answers(&self) {
        let answering = async {
            let properties = lapin::ConnectionProperties::default;
            while lapin::Connection::connect(&self.url(), properties()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answering).await.expect("the node does not answer");
    }

    /// It answers nothing until it is thawed.
    pub(crate) async fn freeze(&self, queue: &str) {
        self.eval(&format!("sys:suspend(whereis('%2F_{queue}')).")).await;
    }

    pub(crate) async fn thaw(&self, queue: &str) {
        self.eval(&format!("sys:resume(whereis('%2F_{queue}')).")).await;
    }

    async fn eval(&self, expression: &str) {
        assert_eq!(self.control(&["eval", expression]).await.trim(), "ok", "{expression}");
    }

    pub(crate) async fn control(&self, arguments: &[&str]) -> String {
        let mut control = tokio::process::Command::new(CONTROL);
        let output = control.envs(self.variables.clone()).args(arguments).output().await;
        let output = output.expect("rabbitmqctl");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn free_ports<const N: usize>() -> [u16; N] {
    // Nodes of one process start side by side: each looks where no other does.
    static NODES: AtomicU16 = AtomicU16::new(0);
    let nodes = NODES.fetch_add(1, Ordering::Relaxed) % 100;
    let start = 20_000 + (std::process::id() % 1_000) as u16 * 10 + nodes * 10;
    let free = (start..32_000).filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let held: Vec<TcpListener> = free.take(N).collect();
    std::array::from_fn(|index| held[index].local_addr().expect("an address").port())
}

fn write(home: &Path, plugins: &str, port: u16, management: u16) {
    let configuration = format!(
        "listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 100MB\n\
         management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n"
    );
    // A node without the plugin does not know its settings.
    let known = |line: &&str| !line.starts_with("management") || plugins.contains("management");
    let configuration: Vec<&str> = configuration.lines().filter(known).collect();
    std::fs::write(home.join("rabbitmq.conf"), configuration.join("\n") + "\n").expect("a file");
    std::fs::write(home.join("plugins"), format!("{plugins}\n")).expect("a file");
}

/// A node that shares nothing with any other on this machine.
fn prepare(home: &Path, port: u16, distribution: u16, epmd: u16) -> Vec<(String, String)> {
    let path = |name: &str| home.join(name).display().to_string();
    std::fs::create_dir(home.join("home")).expect("a directory");
    let variables = [
        ("HOME", path("home")),
        ("ERL_CRASH_DUMP", path("erl_crash.dump")),
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
