//! A private RabbitMQ and Redis, which the test may damage.

use std::net::SocketAddr;

/// The policy that makes queues full.
const NARROW: &str = "narrow";

pub(crate) struct Redis(servers::redis::Server);

impl Redis {
    pub(crate) async fn start() -> Self {
        Self(servers::redis::Server::start(&["appendonly yes"]).await.expect("Redis"))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    pub(crate) async fn restart(&mut self) {
        self.0.restart().await.expect("Redis");
    }

    /// Sends one command on a new connection.
    pub(crate) fn tell(&self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(self.0.ask(&words).expect("Redis").text(), "OK", "{command}");
    }
}

pub(crate) struct Rabbit(servers::rabbitmq::Node);

impl Rabbit {
    pub(crate) async fn start() -> Self {
        Self(servers::rabbitmq::Node::start().await.expect("RabbitMQ"))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.0.log().expect("its log")
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    pub(crate) async fn restart(&mut self) {
        self.0.restart().await.expect("RabbitMQ");
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
        self.0.control(arguments).await.expect("rabbitmqctl");
    }
}
