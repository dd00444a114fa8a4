//! What is expected on the broker, what is found there, and that nothing is forced.

mod house;

use std::time::Duration;

use broker_rabbitmq::RabbitBroker;
use broker_rabbitmq::topology::Found;
use house::{Ground, RawDoor, open, settings};
use ports::conformance::broker::Opened;
use ports::{Broker, BrokerError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_shown_and_made_only_when_asked() {
    let mut settings = settings();
    settings.manage_topology = false;
    let _ground = Ground::new(settings.clone());
    let topology = settings.topology();
    let Err(BrokerError::Differs(text)) = RabbitBroker::connect(settings.clone()).await.map(|_| ())
    else {
        panic!("an empty broker was accepted");
    };
    for queue in &topology.queues {
        assert!(text.contains(&format!("queue {} is missing", queue.name)), "{text}");
    }
    let findings = topology.show(&settings).await.unwrap();
    assert_eq!(findings.len(), 17 + 9);
    assert!(findings.iter().all(|finding| finding.found == Found::Missing), "looking made it");
    topology.apply(&settings).await.unwrap();
    topology.apply(&settings).await.unwrap();
    let findings = topology.show(&settings).await.unwrap();
    assert!(findings.iter().all(|finding| finding.found == Found::AsExpected), "{findings:?}");
    let broker = RabbitBroker::connect(settings.clone()).await.unwrap();
    assert_eq!(broker.check().await, Ok(()));
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_is_told_in_the_brokers_words_and_left_alone() {
    let scratch = open().await;
    let mut other = scratch.settings.clone();
    other.lane_max_length = 7;
    other.journal_max_age = Duration::from_secs(60);
    for manage_topology in [true, false] {
        other.manage_topology = manage_topology;
        let Err(BrokerError::Differs(text)) =
            RabbitBroker::connect(other.clone()).await.map(|_| ())
        else {
            panic!("a difference was accepted");
        };
        let lane = format!("queue {}.jobs.videos.high: ", other.namespace);
        for part in [lane.as_str(), "PRECONDITION_FAILED", "x-max-length", "x-max-age"] {
            assert!(text.contains(part), "no {part:?} in: {text}");
        }
    }
    let findings = other.topology().show(&other).await.unwrap();
    let differing = |found: &Found| matches!(found, Found::Differs(_));
    let differing = findings.iter().filter(|finding| differing(&finding.found));
    assert_eq!(differing.count(), 9 + 1);
    assert_eq!(scratch.broker.check().await, Ok(()), "the first is unharmed");
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_binding_is_made_again() {
    let scratch = open().await;
    let raw = RawDoor::open(&scratch.settings).await;
    raw.unbind("jobs.videos.normal", "jobs", "videos.#.normal").await;
    let message = ports::Message::json("a", "{}");
    let to = house::jobs(house::VIDEO_KEY);
    assert!(scratch.broker.publish(&to, message.clone()).await.is_err());
    scratch.settings.topology().apply(&scratch.settings).await.unwrap();
    scratch.broker.publish(&to, message).await.unwrap();
    scratch.close().await;
}
