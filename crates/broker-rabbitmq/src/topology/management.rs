//! RabbitMQ's management API, for what AMQP does not show: policies, and the nodes of a cluster.
//! Used if the plugin listens on the broker's host and our user may use it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use lapin::uri::AMQPScheme;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::members::Shown;
use crate::nodes::Node;

const PATIENCE: Duration = Duration::from_secs(3);
const MOST_BYTES: u64 = 16 * 1024 * 1024;
const POLICIES: &str = "name,policy,operator_policy,effective_policy_definition";
const MEMBERS: &str = "name,members";

/// What the plugin answers.
pub(super) enum Told<T> {
    Value(T),
    /// It accepts connections and does not answer in time.
    Silent,
    /// It is not there, or not for us.
    Nothing,
}

/// The queues of our virtual host with their policies; `None` if they cannot be read.
pub(super) async fn queues(nodes: &[Node], port: u16) -> Option<Value> {
    match first(nodes.iter().map(|node| policies_of(node, port))).await {
        Told::Value(queues) => Some(queues),
        Told::Silent | Told::Nothing => None,
    }
}

/// The nodes of the cluster, and the queues of our virtual host with their members.
pub(super) async fn nodes_and_queues(nodes: &[Node], port: u16) -> Told<Shown> {
    first(nodes.iter().map(|node| members_of(node, port))).await
}

async fn policies_of(node: &Node, port: u16) -> Told<Value> {
    get(node, port, &queues_of(node, POLICIES)).await
}

async fn members_of(node: &Node, port: u16) -> Told<Shown> {
    let queues = queues_of(node, MEMBERS);
    let nodes = get(node, port, "/api/nodes?columns=name,running");
    match tokio::join!(nodes, get(node, port, &queues)) {
        (Told::Value(nodes), Told::Value(queues)) => Told::Value(Shown { nodes, queues }),
        (Told::Silent, _) | (_, Told::Silent) => Told::Silent,
        _ => Told::Nothing,
    }
}

fn queues_of(node: &Node, columns: &str) -> String {
    let vhost = utf8_percent_encode(&node.0.vhost, NON_ALPHANUMERIC);
    format!("/api/queues/{vhost}?columns={columns}")
}

/// The first value. Without any, whether a node was silent.
async fn first<T>(asking: impl Iterator<Item = impl Future<Output = Told<T>>>) -> Told<T> {
    let mut asking: FuturesUnordered<_> = asking.collect();
    let mut last = Told::Nothing;
    while let Some(told) = asking.next().await {
        match told {
            Told::Value(_) => return told,
            Told::Silent => last = Told::Silent,
            Told::Nothing => {}
        }
    }
    last
}

async fn get(node: &Node, port: u16, path: &str) -> Told<Value> {
    // A password that AMQP sends encrypted is not sent over an unencrypted connection.
    if node.0.scheme != AMQPScheme::AMQP {
        return Told::Nothing;
    }
    let host = node.0.authority.host.as_str();
    let Ok(Ok(connection)) = timeout(PATIENCE, TcpStream::connect((host, port))).await else {
        return Told::Nothing;
    };
    match timeout(PATIENCE, ask(connection, node, path)).await {
        Ok(Ok(read)) => answer(&read).map_or(Told::Nothing, Told::Value),
        Ok(Err(_)) => Told::Nothing,
        Err(_) => Told::Silent,
    }
}

/// HTTP/1.0: the response is not chunked and ends with the connection.
async fn ask(mut connection: TcpStream, node: &Node, path: &str) -> std::io::Result<Vec<u8>> {
    let (host, user) = (node.authority(), &node.0.authority.userinfo);
    let login = STANDARD.encode(format!("{}:{}", user.username, user.password));
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Basic {login}\r\n\
         Accept: application/json\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await?;
    let mut read = Vec::new();
    connection.take(MOST_BYTES).read_to_end(&mut read).await?;
    Ok(read)
}

fn answer(read: &[u8]) -> Option<Value> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let status = read.split(|byte| *byte == b' ').nth(1)?;
    (status == b"200").then(|| serde_json::from_slice(&read[end + 4..]).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_response_with_status_200_is_read() {
        for (read, told) in [
            ("HTTP/1.1 200 OK\r\nvary: origin\r\n\r\n[]", true),
            ("HTTP/1.1 401 Unauthorized\r\n\r\n[]", false),
            ("HTTP/1.1 200 OK\r\n\r\n[", false),
            ("HTTP/1.1 200 OK\r\n", false),
            ("", false),
        ] {
            assert_eq!(answer(read.as_bytes()).is_some(), told, "{read}");
        }
    }
}
