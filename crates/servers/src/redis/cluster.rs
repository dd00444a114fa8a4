use std::io;
use std::time::Duration;

use super::server::{Role, Server};
use crate::port::free_port;
use crate::{Programs, patiently};

const PATIENCE: Duration = Duration::from_secs(60);
const SLOTS: usize = 16_384;

/// A Redis Cluster: each master has an equal part of the slots, and one replica.
///
/// A master that does not answer for a second is replaced by its replica.
#[derive(Debug)]
pub struct Cluster {
    /// The masters at the start, then their replicas in the same order.
    pub servers: Vec<Server>,
}

impl Cluster {
    /// Waits until every slot has a master, and every replica a copy.
    pub async fn start(programs: &Programs, masters: usize, settings: &[&str]) -> io::Result<Self> {
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Self::start_with(programs, masters, || settings.clone()).await
    }

    /// Each server has settings of its own. Those with a `tls-port` name that port to clients.
    pub async fn start_with(
        programs: &Programs,
        masters: usize,
        settings: impl Fn() -> Vec<String>,
    ) -> io::Result<Self> {
        let mut servers = Vec::new();
        for _ in 0..masters * 2 {
            let (bus, settings) = (format!("cluster-port {}", free_port()), settings());
            let own = ["cluster-enabled yes", "cluster-node-timeout 1000", &bus];
            let all: Vec<&str> =
                own.into_iter().chain(settings.iter().map(String::as_str)).collect();
            servers.push(Server::of(programs, &all).await?);
        }
        let cluster = Self { servers };
        cluster.meet(&cluster.servers)?;
        cluster.give_slots(masters)?;
        cluster.all_know(masters * 2).await?;
        for (master, replica) in cluster.pairs(masters) {
            let id = master.ask(&["CLUSTER", "MYID"])?;
            replica.ask(&["CLUSTER", "REPLICATE", id.text()])?;
        }
        cluster.is_healthy().await?;
        Ok(cluster)
    }

    fn pairs(&self, masters: usize) -> impl Iterator<Item = (&Server, &Server)> {
        self.servers[..masters].iter().zip(&self.servers[masters..])
    }

    fn meet(&self, others: &[Server]) -> io::Result<()> {
        for other in others {
            let plain = other.port().to_string();
            let port = other.value("tls-port").unwrap_or(&plain);
            let bus = other.value("cluster-port").ok_or(io::ErrorKind::NotFound)?;
            self.servers[0].ask(&["CLUSTER", "MEET", "127.0.0.1", port, bus])?;
        }
        Ok(())
    }

    fn give_slots(&self, masters: usize) -> io::Result<()> {
        for (n, server) in self.servers[..masters].iter().enumerate() {
            let (first, end) = (n * SLOTS / masters, (n + 1) * SLOTS / masters);
            let (first, last) = (first.to_string(), (end - 1).to_string());
            server.ask(&["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
        }
        Ok(())
    }

    async fn all_know(&self, nodes: usize) -> io::Result<()> {
        self.each("all nodes know each other", |server| {
            let known = server.ask(&["CLUSTER", "NODES"]);
            known.is_ok_and(|known| {
                // During the handshake a node is counted, but its name is still a random one.
                let named = known.text().lines().filter(|line| !line.contains("handshake"));
                named.count() == nodes
            })
        })
        .await
    }

    /// Waits until every slot has a master, and every running replica a connection to its master.
    pub async fn is_healthy(&self) -> io::Result<()> {
        self.each("the cluster is healthy", |server| {
            let is_ok = |info: super::Reply| info.field("cluster_state") == "ok";
            let copies =
                matches!(server.role(), Some(Role::Master | Role::Replica { connected: true }));
            copies && server.ask(&["CLUSTER", "INFO"]).is_ok_and(is_ok)
        })
        .await
    }

    async fn each(&self, what: &str, is_so: impl Fn(&Server) -> bool) -> io::Result<()> {
        patiently(what, PATIENCE, async || self.servers.iter().all(&is_so)).await
    }

    /// The server that executes commands on this key: others refuse them.
    pub fn master_of(&self, key: &str) -> Option<usize> {
        self.servers.iter().position(|server| server.ask(&["EXISTS", key]).is_ok())
    }

    /// One URL with the addresses of all servers.
    pub fn url(&self) -> String {
        let ports = self.servers.iter().map(|server| server.port().to_string());
        format!("redis+cluster://{}", places(ports))
    }

    /// The same with the ports for TLS.
    pub fn tls_url(&self) -> String {
        let ports = self.servers.iter().filter_map(|server| server.value("tls-port"));
        format!("rediss+cluster://{}", places(ports.map(str::to_owned)))
    }
}

fn places(ports: impl Iterator<Item = String>) -> String {
    ports.map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
}
