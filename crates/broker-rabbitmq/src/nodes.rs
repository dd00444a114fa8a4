//! The nodes of a broker: the URL names one or several, and connections are spread over them.

use std::sync::{Arc, Mutex, PoisonError};

use lapin::uri::{AMQPScheme, AMQPUri};

/// Heartbeats every 10 s: a silent broker is given up after 20 s. `?heartbeat=` overrides it.
const HEARTBEAT_SECONDS: u16 = 10;

/// One node of the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node(pub(crate) AMQPUri);

impl Node {
    /// For messages: without user and password.
    pub(crate) fn address(&self) -> String {
        let scheme = match self.0.scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        format!("{scheme}://{}", self.authority())
    }

    /// `host:port`
    pub(crate) fn authority(&self) -> String {
        let authority = &self.0.authority;
        match authority.host.contains(':') {
            true => format!("[{}]:{}", authority.host, authority.port),
            false => format!("{}:{}", authority.host, authority.port),
        }
    }
}

/// The nodes in the order in which they are tried. Clones share the order.
#[derive(Clone)]
pub(crate) struct Nodes(Arc<Mutex<Vec<Node>>>);

impl Nodes {
    /// `start` selects the first of them, so that connections spread over the nodes.
    pub(crate) fn starting_at(mut nodes: Vec<Node>, start: usize) -> Self {
        let start = start.checked_rem(nodes.len()).unwrap_or(0);
        nodes.rotate_left(start);
        Self(Arc::new(Mutex::new(nodes)))
    }

    pub(crate) fn in_order(&self) -> Vec<Node> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The node is tried last from now on.
    pub(crate) fn failed(&self, node: &Node) {
        let mut nodes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = nodes.iter().position(|known| known == node) {
            let node = nodes.remove(index);
            nodes.push(node);
        }
    }
}

/// Reads `amqp[s]://user:password@host:port,host:port/vhost?query`; `None` if it is not of this
/// form. All nodes share everything but the host.
pub(crate) fn parse(text: &str) -> Option<Vec<Node>> {
    each_host(text)?.iter().map(|text| node(text)).collect()
}

/// The URL once for each of its hosts.
fn each_host(text: &str) -> Option<Vec<String>> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    // A password may contain commas.
    let user = authority.rfind('@').map_or(0, |at| at + 1);
    let (user, hosts) = authority.split_at(user);
    Some(hosts.split(',').map(|host| format!("{scheme}://{user}{host}{tail}")).collect())
}

fn node(text: &str) -> Option<Node> {
    let parsed = url::Url::parse(text).ok()?;
    let mut uri: AMQPUri = text.parse().ok()?;
    // The parser does not know IPv6 hosts and would use localhost instead.
    let host = parsed.host_str().filter(|host| !host.is_empty())?;
    uri.authority.host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    // A trailing slash alone means the default, as RabbitMQ's operator writes it.
    if uri.vhost.is_empty() {
        "/".clone_into(&mut uri.vhost);
    }
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    Some(Node(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<String> {
        parse(text).unwrap().iter().map(Node::address).collect()
    }

    #[test]
    fn a_url_names_one_node_or_several() {
        for (text, expected) in [
            ("amqp://mq", &["amqp://mq:5672"][..]),
            ("amqp://mq1:5673,mq2/v", &["amqp://mq1:5673", "amqp://mq2:5672"]),
            (
                "amqps://me:a,b@mq1,mq2,mq3:1/v?heartbeat=3",
                &["amqps://mq1:5671", "amqps://mq2:5671", "amqps://mq3:1"],
            ),
            ("amqp://[::1]:5672,[::2]/", &["amqp://[::1]:5672", "amqp://[::2]:5672"]),
        ] {
            assert_eq!(addresses(text), expected, "{text}");
        }
    }

    #[test]
    fn nodes_share_everything_but_the_host() {
        for Node(uri) in parse("amqp://me:pa,ss@mq1,mq2:7/video%2Fjobs?heartbeat=3").unwrap() {
            assert_eq!(uri.authority.userinfo.password, "pa,ss");
            assert_eq!(uri.vhost, "video/jobs");
            assert_eq!(uri.query.heartbeat, Some(3));
        }
    }

    #[test]
    fn a_host_that_is_empty_or_has_a_bad_port_spoils_the_url() {
        for text in
            ["amqp://", "amqp://mq1,", "amqp://,mq1", "amqp://mq1,mq2:x", "amqp://a,b:70000"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_node_that_failed_is_tried_last() {
        let nodes = Nodes::starting_at(parse("amqp://a,b,c").unwrap(), 4);
        let order = || nodes.in_order().iter().map(|node| node.0.authority.host.clone()).collect();
        let hosts: Vec<String> = order();
        assert_eq!(hosts, ["b", "c", "a"]);
        nodes.failed(&nodes.in_order()[0]);
        let hosts: Vec<String> = order();
        assert_eq!(hosts, ["c", "a", "b"]);
    }
}
