//! A broker that does not answer in time: an unanswered request leaves nothing behind.

use std::time::Duration;

use crate::fixture::node::Node;
use crate::fixture::{VIDEO_KEY, all_come, jobs, soon, take, videos};
use broker_rabbitmq::{RabbitBroker, Settings};
use job::{Lane, Priority, Resource};
use ports::{Broker, BrokerError, Message, Source};

const PREFETCH: u16 = 10;

/// A namespace on a node of the test's own, with short bounds.
async fn connect(node: &Node, namespace: &str, close: Duration) -> (RabbitBroker, String) {
    let mut settings = Settings::new(node.url(), namespace);
    settings.answer_timeout = Duration::from_millis(700);
    settings.close_timeout = close;
    let broker = RabbitBroker::connect(settings).await.expect("the node");
    (broker, format!("{namespace}.jobs.videos.normal"))
}

async fn is_unanswered(broker: &RabbitBroker) {
    let refused = broker.consume(&videos(), PREFETCH).await.err();
    assert!(matches!(refused, Some(BrokerError::Unavailable(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_request_leaves_nothing_behind() {
    let node = Node::start().await;
    a_consume_leaves_no_consumer(&node).await;
    a_cancel_gives_back_what_was_taken(&node).await;
    a_channel_that_cannot_be_closed_costs_its_connection(&node).await;
}

async fn a_consume_leaves_no_consumer(node: &Node) {
    let (broker, queue) = connect(node, "consume", Duration::from_secs(45)).await;
    node.freeze_queue(&queue).await;
    for _ in 0..3 {
        is_unanswered(&broker).await;
    }
    node.thaw_queue(&queue).await;
    all_come(&broker).await;
    broker.close().await;
}

async fn a_cancel_gives_back_what_was_taken(node: &Node) {
    let (broker, queue) = connect(node, "cancel", Duration::from_secs(45)).await;
    for id in ["a", "b"] {
        broker.publish(&jobs(VIDEO_KEY), Message::json(id, "{}")).await.expect("confirmed");
    }
    let mut deliveries = broker.consume(&videos(), PREFETCH).await.expect("a consumer");
    let held = take(&mut deliveries).await;
    node.freeze_queue(&queue).await;
    soon(deliveries.cancel()).await;
    assert!(soon(deliveries.next()).await.is_none(), "its channel is closed");
    node.thaw_queue(&queue).await;
    let mut again = broker.consume(&videos(), PREFETCH).await.expect("a consumer");
    for _ in 0..2 {
        assert!(take(&mut again).await.redelivered, "also what is still held");
    }
    drop(held);
    broker.close().await;
}

async fn a_channel_that_cannot_be_closed_costs_its_connection(node: &Node) {
    let (broker, queue) = connect(node, "close", Duration::from_millis(300)).await;
    let images = Source::Lane(Lane { resource: Resource::Images, priority: Priority::Normal });
    let mut others = broker.consume(&images, 1).await.expect("a consumer");
    node.freeze_queue(&queue).await;
    is_unanswered(&broker).await;
    assert!(soon(others.next()).await.is_none(), "the connection is cut");
    node.thaw_queue(&queue).await;
    all_come(&broker).await;
    broker.close().await;
}
