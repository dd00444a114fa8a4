use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};
use ports::BrokerError;
use secrecy::{ExposeSecret, SecretString};
use spans::Spans;

use crate::bounds::Bounds;
use crate::{Content, Topology};

/// Heartbeats every 10 s: a silent broker is given up after 20 s. `?heartbeat=` overrides it.
const HEARTBEAT_SECONDS: u16 = 10;

/// How to reach the broker, and which topology it must have.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `amqp://user:password@host:port/vhost` or `amqps://…`. Never logged.
    pub url: SecretString,
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
        if let Ok(uri) = self.uri() {
            topology.vhost = uri.vhost;
        }
        topology
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { answer: self.answer_timeout, close: self.close_timeout }
    }

    /// The parsed URL. The parser's messages may quote the password, so they are not passed on.
    pub(crate) fn uri(&self) -> Result<AMQPUri, BrokerError> {
        let text = self.url.expose_secret();
        let malformed = || {
            BrokerError::Denied(
                "the URL is not of the form amqp[s]://user:password@host:port/vhost".to_owned(),
            )
        };
        let parsed = url::Url::parse(text).map_err(|_| malformed())?;
        let mut uri: AMQPUri = text.parse().map_err(|_| malformed())?;
        // The parser does not know IPv6 hosts and would use localhost instead.
        let host = parsed.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(malformed)?;
        uri.authority.host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        // A trailing slash alone means the default, as RabbitMQ's operator writes it.
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        Ok(uri)
    }

    /// The address of the broker for messages: without user and password.
    pub(crate) fn address(uri: &AMQPUri) -> String {
        let scheme = match uri.scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        let authority = &uri.authority;
        format!("{scheme}://{}:{}", authority.host, authority.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings::new(url, "reelwork")
    }

    #[test]
    fn a_url_is_read_with_its_virtual_host_and_our_heartbeat() {
        let uri = settings("amqp://me:pa%40ss@broker:5673/video%2Fjobs").uri().unwrap();
        assert_eq!(uri.vhost, "video/jobs");
        assert_eq!(uri.authority.userinfo.password, "pa@ss");
        assert_eq!(uri.query.heartbeat, Some(10));
        assert_eq!(Settings::address(&uri), "amqp://broker:5673");
        let uri = settings("amqp://[::1]:5672?heartbeat=3").uri().unwrap();
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
            assert_eq!(settings(url).uri().unwrap().vhost, vhost, "{url}");
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
        ] {
            let error = settings(url).uri().unwrap_err();
            assert!(matches!(error, BrokerError::Denied(_)), "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let debug = format!("{:?}", settings("amqp://me:hunter2@broker"));
        assert!(!debug.contains("hunter2"), "{debug}");
    }
}
