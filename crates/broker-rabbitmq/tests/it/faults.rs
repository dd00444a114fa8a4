//! The connection is cut or frozen: unknown results are reported, and work resumes by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::fixture::proxy::{LinkState, Proxy};
use crate::fixture::{Scratch, VIDEO_KEY, jobs, open_with, settings, take, until, videos};
use broker_rabbitmq::{RabbitBroker, Settings};
use conformance::broker::Opened;
use ports::{Broker, BrokerError, Message, PublishError, Source, Subscription};

/// Only that work resumes; how soon is measured elsewhere, on an idle machine. A busy disk alone
/// can delay the broker for seconds.
const RESUMED: Duration = Duration::from_secs(20);

async fn behind(proxy: &Proxy, query: &str) -> Scratch {
    let mut settings = settings();
    settings.url = format!("amqp://guest:guest@{}{query}", proxy.address).into();
    settings.publish_timeout = Duration::from_millis(500);
    open_with(settings).await
}

async fn publish(broker: &RabbitBroker, id: &str) -> Result<(), PublishError> {
    broker.publish(&jobs(VIDEO_KEY), Message::json(id, "{}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publish_through_a_cut_wire_is_unknown_and_nothing_confirmed_is_lost() {
    let proxy = Proxy::to(crate::fixture::address()).await;
    let scratch = behind(&proxy, "").await;
    let done = Arc::new(AtomicBool::new(false));
    let confirmed = Arc::new(AtomicUsize::new(0));
    let publishers = (0..32).map(|task| {
        let (broker, done, confirmed) = (scratch.broker.clone(), done.clone(), confirmed.clone());
        tokio::spawn(async move {
            let (mut ids, mut unknown) = (Vec::new(), 0);
            for number in 0.. {
                let id = format!("{task}-{number}");
                match publish(&broker, &id).await {
                    Ok(()) => {
                        confirmed.fetch_add(1, Ordering::SeqCst);
                        ids.push(id);
                    }
                    Err(PublishError::Unknown(_)) => unknown += 1,
                    Err(error) => panic!("{error}"),
                }
                if done.load(Ordering::SeqCst) {
                    break;
                }
            }
            (ids, unknown)
        })
    });
    let publishers: Vec<_> = publishers.collect();
    for _ in 0..2 {
        let before = confirmed.load(Ordering::SeqCst);
        until("publishing goes on", || confirmed.load(Ordering::SeqCst) > before + 200).await;
        proxy.set(LinkState::Cut);
        let mut seen = confirmed.load(Ordering::SeqCst);
        until("publishing stops", || {
            std::mem::replace(&mut seen, confirmed.load(Ordering::SeqCst)) == seen
        })
        .await;
        let mended = Instant::now();
        proxy.set(LinkState::Whole);
        let before = confirmed.load(Ordering::SeqCst);
        until("publishing resumes", || confirmed.load(Ordering::SeqCst) > before).await;
        assert!(mended.elapsed() < RESUMED, "resumed after {:?}", mended.elapsed());
    }
    done.store(true, Ordering::SeqCst);
    let (mut expected, mut unknown) = (Vec::new(), 0);
    for publisher in publishers {
        let (ids, failed) = publisher.await.unwrap();
        expected.extend(ids);
        unknown += failed;
    }
    assert!(unknown > 0, "the cut was not felt");
    let mut deliveries = scratch.broker.consume(&videos(), 1000).await.unwrap();
    let mut missing: std::collections::BTreeSet<String> = expected.into_iter().collect();
    while !missing.is_empty() {
        let delivery = take(&mut deliveries).await;
        missing.remove(&delivery.message.id);
        delivery.ack().await.unwrap();
    }
    drop(deliveries);
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_ends_with_its_wire_and_the_next_one_gets_the_redelivery() {
    let proxy = Proxy::to(crate::fixture::address()).await;
    let scratch = behind(&proxy, "").await;
    publish(&scratch.broker, "a").await.unwrap();
    publish(&scratch.broker, "b").await.unwrap();
    let mut deliveries = scratch.broker.consume(&videos(), 10).await.unwrap();
    let held = take(&mut deliveries).await;
    let dropped = scratch.broker.consume(&Source::Dead, 1).await.unwrap();
    proxy.set(LinkState::Cut);
    // "b" had arrived too, and is delivered until the cut is noticed.
    let ending = async {
        while deliveries.next().await.is_some() {}
        true
    };
    until_some("the consumer ends", ending).await;
    assert!(deliveries.next().await.is_none());
    assert!(matches!(held.ack().await, Err(PublishError::Unknown(_))));
    drop(dropped);
    let refused = scratch.broker.consume(&videos(), 10).await;
    assert!(matches!(refused.err(), Some(BrokerError::Unavailable(_))));
    assert!(matches!(scratch.broker.check().await, Err(BrokerError::Unavailable(_))));
    proxy.set(LinkState::Whole);
    let mended = Instant::now();
    let mut deliveries = loop {
        match scratch.broker.consume(&videos(), 10).await {
            Ok(deliveries) => break deliveries,
            Err(error) => assert!(mended.elapsed() < RESUMED, "{error}"),
        }
    };
    for id in ["a", "b"] {
        let again = take(&mut deliveries).await;
        assert_eq!(again.message.id, id);
        assert!(again.redelivered);
        assert!(again.delivery_count >= 1);
        again.ack().await.unwrap();
    }
    drop(deliveries);
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_built_anew_declares_what_has_gone_and_bears_what_differs() {
    let proxy = Proxy::to(crate::fixture::address()).await;
    let scratch = behind(&proxy, "").await;
    let raw = crate::fixture::RawClient::open(&scratch.settings).await;
    raw.delete_queue("jobs.videos.normal").await;
    raw.delete_queue("jobs.audio.low").await;
    raw.declare_classic("jobs.audio.low").await;
    assert!(matches!(publish(&scratch.broker, "a").await, Err(PublishError::Unroutable(_))));
    proxy.set(LinkState::Cut);
    until_some("the cut is felt", async {
        // A queue that is missing is also an error, but not this one.
        while !matches!(scratch.broker.check().await, Err(BrokerError::Unavailable(_))) {}
        true
    })
    .await;
    proxy.set(LinkState::Whole);
    let mended = Instant::now();
    while let Err(error) = publish(&scratch.broker, "a").await {
        assert!(mended.elapsed() < RESUMED, "{error}");
    }
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_broker_is_unknown_in_time_and_given_up_by_its_heartbeat() {
    let proxy = Proxy::to(crate::fixture::address()).await;
    let scratch = behind(&proxy, "?heartbeat=1").await;
    let mut deliveries = scratch.broker.consume(&videos(), 10).await.unwrap();
    proxy.set(LinkState::Frozen);
    let since = Instant::now();
    let result = publish(&scratch.broker, "a").await;
    assert!(matches!(result, Err(PublishError::Unknown(_))), "{result:?}");
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    until_some("the consumer ends", async { deliveries.next().await.is_none() }).await;
    proxy.set(LinkState::Whole);
    let mended = Instant::now();
    while let Err(error) = publish(&scratch.broker, "b").await {
        assert!(mended.elapsed() < RESUMED, "{error}");
    }
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_accepts_and_sends_nothing_leaves_no_thread_behind() {
    // The operating system accepts the connection.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("amqp://guest:guest@{}", silent.local_addr().expect("an address"));
    let since = Instant::now();
    let connecting = tokio::spawn(RabbitBroker::connect(Settings::new(url, "nobody")));
    until("lapin starts its threads", || threads("lapin-io-loop") == 2).await;
    let refused = connecting.await.expect("no panic");
    assert!(matches!(refused.err(), Some(BrokerError::Unavailable(_))));
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    until("lapin's threads end", || threads("lapin-io-loop") == 0).await;
}

/// Threads of this process by name; nextest gives each test a process of its own.
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs");
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|comm| comm.trim() == name).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_consumers_and_publishers_at_once() {
    let scratch = open_with(settings()).await;
    let unnamed = Source::Results(Subscription { name: None, binding: "#".to_owned() });
    let mut deliveries = scratch.broker.consume(&unnamed, 10).await.unwrap();
    scratch.broker.clone().close().await;
    until_some("the consumer ends", async { deliveries.next().await.is_none() }).await;
    let since = Instant::now();
    assert!(matches!(publish(&scratch.broker, "a").await, Err(PublishError::Unknown(_))));
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
}

async fn until_some(what: &str, done: impl Future<Output = bool>) {
    let done = tokio::time::timeout(Duration::from_secs(20), done).await;
    assert_eq!(done, Ok(true), "{what}");
}
