use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use ports::LedgerError;
use redis::{ConnectionInfo, RedisError, Value};

use super::{at, worst};
use crate::dial::{Dialler, of_server};
use crate::error::{is_unknown_command, ledger_error};

/// How long a node may take to answer before the next one is asked too.
const LATE: Duration = Duration::from_millis(200);

type Server = (String, u16);

/// The nodes of a cluster.
pub(crate) struct Nodes {
    /// Named in the URL.
    seeds: Vec<Server>,
    /// Named in the last answer of a node.
    known: Mutex<Vec<Server>>,
    /// How to connect to each node; its host is replaced.
    node: ConnectionInfo,
    dialler: Dialler,
    /// The node that is asked first next time, because the last one may be wrong.
    turn: AtomicUsize,
}

/// The answer of one node.
#[derive(Debug, Default, PartialEq)]
struct Layout {
    /// First and last slot, and their master.
    ranges: Vec<(u16, u16, Server)>,
    /// Masters and replicas.
    nodes: Vec<Server>,
}

impl Nodes {
    pub(super) fn new(seeds: Vec<Server>, node: ConnectionInfo, dialler: Dialler) -> Self {
        Self { seeds, known: Mutex::default(), node, dialler, turn: AtomicUsize::new(0) }
    }

    /// The first answer counts. A frozen node accepts connections and never answers.
    pub(super) async fn find(
        &self,
        slot: u16,
        timeout: Duration,
    ) -> Result<ConnectionInfo, LedgerError> {
        let mut servers = self.in_turn().into_iter();
        let (mut asked, mut errors) = (FuturesUnordered::new(), Vec::new());
        loop {
            asked.extend(servers.next().map(|server| self.master_of(slot, server, timeout)));
            match tokio::time::timeout(LATE, asked.next()).await {
                Ok(Some(Ok(master))) => return Ok(at(&self.node, &master)),
                Ok(Some(Err(error))) => errors.push(error),
                Ok(None) => return Err(worst(errors, "no node of the cluster answers")),
                Err(_) => {}
            }
        }
    }

    fn in_turn(&self) -> Vec<Server> {
        let mut servers = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for seed in &self.seeds {
            if !servers.contains(seed) {
                servers.push(seed.clone());
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % servers.len().max(1);
        servers.rotate_left(turn);
        servers
    }

    /// A node that has left the cluster knows no master: the others are asked.
    async fn master_of(
        &self,
        slot: u16,
        server: Server,
        timeout: Duration,
    ) -> Result<Server, LedgerError> {
        let info = at(&self.node, &server);
        let layout = self.layout(&info, &server.0, timeout).await?;
        let text = format!("the cluster has no master for slot {slot}");
        let master = layout.master_of(slot).cloned();
        let master = master.ok_or_else(|| of_server(&info, LedgerError::Unavailable(text)))?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = layout.nodes;
        Ok(master)
    }

    async fn layout(
        &self,
        info: &ConnectionInfo,
        host: &str,
        timeout: Duration,
    ) -> Result<Layout, LedgerError> {
        let mut connection = self.dialler.dial(info, timeout).await?;
        let mut command = redis::cmd("CLUSTER");
        // Newer versions also have CLUSTER SHARDS; all have SLOTS.
        let answer = command.arg("SLOTS").query_async::<Vec<Vec<Value>>>(&mut connection).await;
        let answer = answer.map_err(|error| of_server(info, explained(&error)))?;
        Ok(Layout::read(&answer, host))
    }
}

fn explained(error: &RedisError) -> LedgerError {
    match is_unknown_command(error) {
        true => LedgerError::Denied(
            "this server is no node of a Redis Cluster: for one Redis server, begin the ledger's \
             URL with redis:// (TLS: rediss://)"
                .to_owned(),
        ),
        false => ledger_error(error),
    }
}

impl Layout {
    /// `[[first, last, [host, port, ..] of the master, [host, port, ..] of a replica, ..], ..]`
    fn read(answer: &[Vec<Value>], asked: &str) -> Self {
        let mut layout = Self::default();
        for range in answer {
            let [first, last, servers @ ..] = range.as_slice() else { continue };
            let servers: Vec<_> = servers.iter().filter_map(|one| server_of(one, asked)).collect();
            if let (Some(first), Some(last), [master, ..]) =
                (number(first), number(last), servers.as_slice())
            {
                layout.ranges.push((first, last, master.clone()));
            }
            for server in servers {
                if !layout.nodes.contains(&server) {
                    layout.nodes.push(server);
                }
            }
        }
        layout
    }

    fn master_of(&self, slot: u16) -> Option<&Server> {
        let mut ranges = self.ranges.iter();
        ranges.find(|(first, last, _)| (*first..=*last).contains(&slot)).map(|(.., master)| master)
    }
}

/// A node that does not know its own host leaves it out: it is the host that was asked.
fn server_of(value: &Value, asked: &str) -> Option<Server> {
    let Value::Array(parts) = value else { return None };
    let [host, port, ..] = parts.as_slice() else { return None };
    let host = match host {
        Value::BulkString(text) => String::from_utf8(text.clone()).ok()?,
        _ => String::new(),
    };
    let host = if matches!(host.as_str(), "" | "?") { asked.to_owned() } else { host };
    Some((host, number(port)?))
}

fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: Option<&str>, port: i64) -> Value {
        let host = host.map_or(Value::Nil, |host| Value::BulkString(host.into()));
        Value::Array(vec![host, Value::Int(port), Value::BulkString("id".into())])
    }

    #[test]
    fn the_master_of_a_slot_is_found_and_all_nodes_are_remembered() {
        let answer = [
            vec![Value::Int(0), Value::Int(5460), node(Some("a"), 1), node(Some("b"), 2)],
            vec![Value::Int(5461), Value::Int(16_383), node(None, 3), node(Some("?"), 4)],
            vec![Value::Int(1)],
        ];
        let layout = Layout::read(&answer, "seed");
        let master = |slot| layout.master_of(slot).map(|(host, port)| (host.as_str(), *port));
        assert_eq!(master(5460), Some(("a", 1)));
        assert_eq!(master(5461), Some(("seed", 3)));
        assert_eq!(layout.nodes.len(), 4);
        assert_eq!(Layout::read(&answer[..1], "seed").master_of(5461), None);
    }

    #[test]
    fn every_node_is_asked_first_in_turn() {
        let seeds = vec![("a".to_owned(), 1), ("b".to_owned(), 2)];
        let info = redis::IntoConnectionInfo::into_connection_info("redis://a:1").unwrap();
        let nodes = Nodes::new(seeds, info, Dialler::new(tls::Files::default()));
        *nodes.known.lock().unwrap() = vec![("b".to_owned(), 2), ("c".to_owned(), 3)];
        let first: Vec<_> = (0..4).map(|_| nodes.in_turn()[0].0.clone()).collect();
        assert_eq!(first, ["b", "c", "a", "b"]);
    }
}
