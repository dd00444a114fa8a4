//! A URL with several nodes: those that are away or silent are passed over.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use crate::fixture::proxy::{LinkState, Proxy};
use crate::fixture::{Scratch, VIDEO_KEY, address, jobs, open_with, settings, until_ok};
use broker_rabbitmq::{RabbitBroker, Settings};
use conformance::broker::Opened;
use ports::{Broker, BrokerError, Message};

/// The operating system accepts connections, and nobody reads them.
fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

fn url(nodes: &[SocketAddr]) -> String {
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    format!("amqp://guest:guest@{}", nodes.join(","))
}

async fn open(nodes: &[SocketAddr]) -> Scratch {
    let mut settings = settings();
    settings.url = url(nodes).into();
    open_with(settings).await
}

fn closed() -> SocketAddr {
    silent().local_addr().expect("an address")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_away_or_silent_is_passed_over() {
    let silent = silent();
    let nodes = [silent.local_addr().expect("an address"), closed(), address()];
    // Whichever is the first.
    for _ in 0..3 {
        let since = Instant::now();
        let scratch = open(&nodes).await;
        assert!(since.elapsed() < Duration::from_secs(9), "{:?}", since.elapsed());
        assert_eq!(scratch.broker.check().await, Ok(()));
        scratch.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_node_is_replaced_by_another() {
    let [one, two] = [Proxy::to(address()).await, Proxy::to(address()).await];
    let scratch = open(&[one.address, two.address]).await;
    for (lost, other) in [(&one, &two), (&two, &one), (&one, &two)] {
        lost.set(LinkState::Cut);
        let (lane, message) = (jobs(VIDEO_KEY), || Message::json("a", "{}"));
        until_ok(|| scratch.broker.publish(&lane, message())).await;
        until_ok(|| scratch.broker.check()).await;
        lost.set(LinkState::Whole);
        other.set(LinkState::Whole);
    }
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ipv6_node_can_be_one_of_them() {
    let proxy = Proxy::at("[::1]:0", address()).await;
    let scratch = open(&[closed(), proxy.address]).await;
    assert_eq!(scratch.broker.check().await, Ok(()));
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_that_are_away_are_named_without_secrets() {
    let nodes = [closed(), closed()];
    let url = url(&nodes).replace("guest:guest", "me:hunter2");
    let refused = RabbitBroker::connect(Settings::new(url, "nobody")).await.err();
    let Some(BrokerError::Unavailable(text)) = refused else { panic!("{refused:?}") };
    assert!(nodes.iter().all(|node| text.contains(&format!("amqp://{node}: "))), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_is_final_although_another_node_is_away() {
    let url = url(&[closed(), address()]).replace("guest:guest", "guest:hunter2");
    let refused = RabbitBroker::connect(Settings::new(url, "nobody")).await.err();
    assert!(matches!(refused, Some(BrokerError::Denied(_))), "{refused:?}");
}
