//! RabbitMQ's management API, for one query. AMQP shows no policies; the API does, if the plugin
//! listens on the broker's host and our user may use it.

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

use crate::nodes::Node;

const PATIENCE: Duration = Duration::from_secs(3);
const MOST_BYTES: u64 = 16 * 1024 * 1024;
const COLUMNS: &str = "name,policy,operator_policy,effective_policy_definition";

/// The queues of our virtual host with their policies, from the node that answers first; `None` if
/// they cannot be read.
pub(super) async fn queues(nodes: &[Node], port: u16) -> Option<Value> {
    let mut asking: FuturesUnordered<_> = nodes.iter().map(|node| queues_of(node, port)).collect();
    while let Some(told) = asking.next().await {
        if told.is_some() {
            return told;
        }
    }
    None
}

async fn queues_of(node: &Node, port: u16) -> Option<Value> {
    // A password that AMQP sends encrypted is not sent over an unencrypted connection.
    if node.0.scheme != AMQPScheme::AMQP {
        return None;
    }
    let asked = tokio::time::timeout(PATIENCE, ask(node, port)).await.ok()?;
    answer(&asked.ok()?)
}

/// HTTP/1.0: the response is not chunked and ends with the connection.
async fn ask(node: &Node, port: u16) -> std::io::Result<Vec<u8>> {
    let uri = &node.0;
    let (host, named) = (uri.authority.host.as_str(), node.authority());
    let user = &uri.authority.userinfo;
    let login = STANDARD.encode(format!("{}:{}", user.username, user.password));
    let vhost = utf8_percent_encode(&uri.vhost, NON_ALPHANUMERIC);
    let request = format!(
        "GET /api/queues/{vhost}?columns={COLUMNS} HTTP/1.0\r\nHost: {named}\r\n\
         Authorization: Basic {login}\r\nAccept: application/json\r\n\r\n"
    );
    let mut connection = TcpStream::connect((host, port)).await?;
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
