//! The fixtures do what their names say: killed, frozen and replaced servers.

use std::time::Duration;

use servers::{Programs, patiently, probe, rabbitmq, redis};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_its_files() {
    let settings = ["appendonly yes", "appendfsync always"];
    let mut server = redis::Server::start(&settings).await.expect("Redis");
    server.ask(&["SET", "key", "value"]).expect("set");
    server.kill();
    assert!(!probe::redis(server.port()));
    server.restart().await.expect("Redis");
    assert_eq!(server.ask(&["GET", "key"]).expect("an answer").text(), "value");
    server.freeze();
    assert!(!probe::redis(server.port()), "it listens, and does not answer");
    server.thaw();
    assert!(probe::redis(server.port()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_master_of_a_cluster_is_replaced() {
    let cluster = redis::Cluster::start(&Programs::selected(), 3, &[]).await;
    let mut cluster = cluster.expect("a Redis Cluster");
    cluster.servers[0].kill();
    let role = |cluster: &redis::Cluster, n: usize| {
        let info = cluster.servers[n].ask(&["INFO", "replication"]);
        info.map(|info| info.field("role").to_owned()).unwrap_or_default()
    };
    let replaced = async || role(&cluster, 3) == "master";
    patiently("the replica is master", PATIENCE, replaced).await.expect("a failover");
    cluster.servers[0].restart().await.expect("Redis");
    let follows = async || role(&cluster, 0) == "slave";
    patiently("the old master follows", PATIENCE, follows).await.expect("a replica");
    cluster.is_healthy().await.expect("a healthy cluster");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_replace_a_frozen_master() {
    let all = redis::Sentinels::start(&Programs::selected(), &[]).await.expect("Sentinels");
    let (before, replica) = (all.servers[0].port(), all.servers[1].port());
    assert_eq!(all.master_port().expect("an answer"), before);
    all.servers[0].freeze();
    let replaced = async || all.master_port().is_ok_and(|port| port == replica);
    patiently("the replica is master", PATIENCE, replaced).await.expect("a failover");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_comes_back_into_its_cluster() {
    let configuration = rabbitmq::Configuration::default();
    let cluster = rabbitmq::Cluster::start(&Programs::selected(), 3, &configuration).await;
    let mut cluster = cluster.expect("a RabbitMQ cluster");
    let name = cluster.nodes[2].name();
    cluster.nodes[2].kill();
    let left = async || {
        let answer = cluster.nodes[0].control(&["eval", "nodes()."]).await;
        answer.is_ok_and(|nodes| !nodes.contains(&name))
    };
    patiently("it has left", PATIENCE, left).await.expect("two nodes");
    cluster.nodes[2].restart().await.expect("a node");
    cluster.is_complete().await.expect("three nodes");
}
