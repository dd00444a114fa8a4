use std::io;

use super::configuration::{Configuration, Ports};
use super::node::{Node, PortMapper};
use crate::Programs;

/// RabbitMQ nodes of one cluster, all with a copy of what has replicas.
#[derive(Debug)]
pub struct Cluster {
    pub nodes: Vec<Node>,
}

impl Cluster {
    /// Starts so many nodes, and waits until they have found each other.
    pub async fn start(
        programs: &Programs,
        count: usize,
        wanted: &Configuration,
    ) -> io::Result<Self> {
        let port_mapper = PortMapper::start(programs)?;
        let ports: Vec<Ports> = (0..count).map(|_| Ports::free()).collect();
        let wanted = joined(wanted, &ports);
        let mut nodes = Vec::new();
        for ports in ports {
            nodes.push(Node::launch(programs, ports, port_mapper.clone(), &wanted)?);
        }
        for node in &mut nodes {
            node.answers().await?;
        }
        let cluster = Self { nodes };
        cluster.is_complete().await?;
        Ok(cluster)
    }

    /// Waits until all nodes are online.
    pub async fn is_complete(&self) -> io::Result<()> {
        let count = self.nodes.len().to_string();
        self.nodes[0].control(&["await_online_nodes", &count, "--timeout", "90"]).await.map(drop)
    }

    /// One URL with the addresses of all nodes.
    pub fn url(&self) -> String {
        let places: Vec<String> =
            self.nodes.iter().map(|node| node.address().to_string()).collect();
        format!("amqp://guest:guest@{}", places.join(","))
    }
}

fn joined(wanted: &Configuration, ports: &[Ports]) -> Configuration {
    let mut all = wanted.clone();
    // The long name is the one that all versions know.
    let discovery =
        "cluster_formation.peer_discovery_backend = rabbit_peer_discovery_classic_config";
    all.lines.push(discovery.to_owned());
    for (n, ports) in ports.iter().enumerate() {
        let name = ports.name();
        all.lines.push(format!("cluster_formation.classic_config.nodes.{} = {name}", n + 1));
    }
    all
}
