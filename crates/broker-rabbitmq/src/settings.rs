use std::time::Duration;

use ports::BrokerError;
use secrecy::{ExposeSecret, SecretString};
use spans::Spans;
use tls::Files;

use crate::bounds::Bounds;
use crate::nodes::{Node, Nodes, parse};
use crate::{Content, Topology};

/// How to reach the broker, and which topology it must have.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `amqp://user:password@host:port/vhost` or `amqps://…`; for a cluster with several
    /// `host:port`, separated by commas. Never logged.
    pub url: SecretString,
    /// For `amqps://`.
    pub tls: Files,
    /// The prefix of every name on the broker.
    pub namespace: String,
    /// Declare what is missing when connecting. Otherwise the topology is only checked.
    pub manage_topology: bool,
    /// A larger body is refused.
    pub max_message_bytes: usize,
    /// The port of the management plugin on the broker's host, if there is one: policies are read
    /// from it.
    pub management_port: u16,
    /// How long the broker may take to answer a request. After this its channel is closed.
    pub answer_timeout: Duration,
    /// How long it may take to close such a channel. After this the connection is cut. Longer than
    /// the 30 s after which a quorum queue itself gives up.
    pub close_timeout: Duration,
    /// How long a publish or a settlement may take, including the wait for a connection.
    pub publish_timeout: Duration,
    /// Messages in a lane before publishers are refused: high, so that an alert comes first.
    pub lane_max_length: u64,
    /// In which content mode events are published.
    pub content: Content,
    /// How long the journal keeps a line: at least as long as anything rebuilt from it. An existing
    /// journal may keep lines longer; one that keeps them shorter is refused.
    pub journal_max_age: Duration,
    /// How spans are passed to other processes, if the process exports traces.
    pub spans: Spans,
}

impl Settings {
    pub fn new(url: impl Into<SecretString>, namespace: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            tls: Files::default(),
            namespace: namespace.into(),
            manage_topology: true,
            max_message_bytes: job::MAX_MESSAGE_BYTES,
            management_port: 15_672,
            answer_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(45),
            publish_timeout: Duration::from_secs(10),
            lane_max_length: 1_000_000,
            content: Content::default(),
            journal_max_age: Duration::from_secs(14 * 24 * 60 * 60),
            spans: Spans::default(),
        }
    }

    /// The topology that these settings require.
    pub fn topology(&self) -> Topology {
        let mut topology =
            Topology::of(&self.namespace, self.lane_max_length, self.journal_max_age);
        if let Some(Node(uri)) = self.nodes().ok().and_then(|nodes| nodes.into_iter().next()) {
            topology.vhost = uri.vhost;
        }
        topology
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { answer: self.answer_timeout, close: self.close_timeout }
    }

    /// The nodes that the URL names. The parser's messages may quote the password, so they are not
    /// passed on.
    pub(crate) fn nodes(&self) -> Result<Vec<Node>, BrokerError> {
        parse(self.url.expose_secret()).ok_or_else(|| {
            BrokerError::Denied(
                "the URL is not of the form amqp[s]://user:password@host:port,host:port/vhost"
                    .to_owned(),
            )
        })
    }

    /// The same, for connections: each process begins with another node.
    pub(crate) fn spread(&self) -> Result<Nodes, BrokerError> {
        Ok(Nodes::starting_at(self.nodes()?, rand::random::<u16>().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings::new(url, "reelwork")
    }

    fn only(url: &str) -> Node {
        settings(url).nodes().unwrap().remove(0)
    }

    #[test]
    fn a_url_is_read_with_its_virtual_host_and_our_heartbeat() {
        let node = only("amqp://me:pa%40ss@broker:5673/video%2Fjobs");
        assert_eq!(node.address(), "amqp://broker:5673");
        let Node(uri) = node;
        assert_eq!(uri.vhost, "video/jobs");
        assert_eq!(uri.authority.userinfo.password, "pa@ss");
        assert_eq!(uri.query.heartbeat, Some(10));
        let Node(uri) = only("amqp://[::1]:5672?heartbeat=3");
        assert_eq!(uri.authority.host, "::1");
        assert_eq!(uri.query.heartbeat, Some(3));
        assert_eq!(uri.vhost, "/");
    }

    #[test]
    fn a_trailing_slash_is_the_default_virtual_host() {
        for (url, vhost) in [
            ("amqp://h", "/"),
            ("amqp://h/", "/"),
            ("amqps://me:x@h:5671/?heartbeat=3", "/"),
            ("amqp://h/%2F", "/"),
            ("amqp://h/video", "video"),
        ] {
            assert_eq!(only(url).0.vhost, vhost, "{url}");
            assert_eq!(settings(url).topology().vhost, vhost, "{url}");
        }
    }

    #[test]
    fn a_bad_url_is_denied_without_quoting_it() {
        for url in [
            "hunter2",
            "http://me:hunter2@broker",
            "amqp:hunter2",
            "amqp://me:hunter2@broker/?heartbeat=hunter2",
            "amqp://me:hunter2@broker:99999",
            "amqp://me:hunter2@broker1,,broker2",
        ] {
            let error = settings(url).nodes().unwrap_err();
            assert!(matches!(error, BrokerError::Denied(_)), "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let debug = format!("{:?}", settings("amqp://me:hunter2@broker"));
        assert!(!debug.contains("hunter2"), "{debug}");
    }
}
