//! Three nodes of one cluster: leaders are spread, and what a lost majority or a frozen leader did
//! not answer leaves nothing behind.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fixture::{VIDEO_KEY, all_come, jobs, until_ok, videos};
use broker_rabbitmq::{RabbitBroker, Settings};
use ports::{Broker, BrokerError, Message};
use servers::Programs;
use servers::rabbitmq::{Cluster, Configuration};

const NAMESPACE: &str = "three";
const LANE: &str = "three.jobs.videos.normal";

/// Short bounds, as of a caller that has no time.
async fn connect(url: String) -> RabbitBroker {
    let mut settings = Settings::new(url, NAMESPACE);
    settings.answer_timeout = Duration::from_millis(700);
    until_ok(|| RabbitBroker::connect(settings.clone())).await
}

/// The queues of the namespace, each with the number of the node that leads it.
async fn leaders(cluster: &Cluster) -> BTreeMap<String, usize> {
    let shown = cluster.nodes[0].control(&["list_queues", "--quiet", "name", "leader"]);
    let shown = shown.await.expect("rabbitmqctl");
    let numbered = |line: &str| {
        let (queue, leader) = line.split_once('\t')?;
        let number = cluster.nodes.iter().position(|node| node.name() == leader)?;
        queue.starts_with(NAMESPACE).then(|| (queue.to_owned(), number))
    };
    shown.lines().filter_map(numbered).collect()
}

async fn is_unanswered(broker: &RabbitBroker) {
    let refused = broker.consume(&videos(), 10).await.err();
    assert!(matches!(refused, Some(BrokerError::Unavailable(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_behind_in_a_cluster() {
    let configuration = Configuration::default();
    let cluster = Cluster::start(&Programs::selected(), 3, &configuration).await;
    let mut cluster = cluster.expect("a cluster");
    let first = connect(cluster.nodes[0].url()).await;
    first.close().await;
    leaders_are_spread(&cluster).await;
    a_lost_majority_leaves_no_consumer(&mut cluster).await;
    a_frozen_leader_leaves_no_consumer(&cluster).await;
}

async fn leaders_are_spread(cluster: &Cluster) {
    let leaders = leaders(cluster).await;
    for node in 0..3 {
        let led = leaders.values().filter(|leader| **leader == node).count();
        assert!(led > 0 && led * 6 >= leaders.len(), "node {node} leads {led}: {leaders:?}");
    }
}

async fn a_lost_majority_leaves_no_consumer(cluster: &mut Cluster) {
    let settings = Settings::new(cluster.url(), NAMESPACE);
    let risks = settings.topology().quorum(&settings).await;
    assert_eq!(risks.as_deref(), Ok(&[][..]));
    let broker = connect(cluster.nodes[0].url()).await;
    cluster.nodes[1].kill();
    let risks = settings.topology().quorum(&settings).await.expect("a majority");
    assert!(!risks.is_empty(), "one node is away");
    cluster.nodes[2].kill();
    let gone = settings.topology().quorum(&settings).await;
    assert!(matches!(gone, Err(BrokerError::Unavailable(_))), "{gone:?}");
    for _ in 0..3 {
        is_unanswered(&broker).await;
    }
    let unsaid = broker.publish(&jobs(VIDEO_KEY), Message::json("unsaid", "{}")).await;
    assert!(unsaid.is_err(), "{unsaid:?}");
    for node in [1, 2] {
        cluster.nodes[node].restart().await.expect("a node");
    }
    cluster.is_complete().await.expect("three nodes");
    all_come(&broker).await;
    broker.close().await;
}

async fn a_frozen_leader_leaves_no_consumer(cluster: &Cluster) {
    let leader = leaders(cluster).await[LANE];
    let broker = connect(cluster.nodes[(leader + 1) % 3].url()).await;
    cluster.nodes[leader].freeze();
    // At first nobody has noticed.
    is_unanswered(&broker).await;
    cluster.nodes[leader].thaw();
    cluster.is_complete().await.expect("three nodes");
    all_come(&broker).await;
    broker.close().await;
}
