use std::time::Duration;

use embedded::{Embedded, Settings};
use job::{Lane, Priority, Resource};
use ports::{Broker, Deliveries, Delivery, Destination, Message, Source, Subscription};
use tempfile::TempDir;

/// Far longer than any step takes: a test that reaches it has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Long enough to notice a message that must not come.
pub(crate) const QUIET: Duration = Duration::from_millis(150);

pub(crate) const KEY: &str = "videos.text2video.normal";
pub(crate) const LANE: Source =
    Source::Lane(Lane { resource: Resource::Videos, priority: Priority::Normal });

pub(crate) fn open(dir: &TempDir) -> Embedded {
    Embedded::open(Settings::new(dir.path().join("reelwork.db"), "test")).unwrap()
}

pub(crate) fn to_lane() -> Destination {
    Destination::Jobs { routing_key: KEY.to_owned() }
}

pub(crate) fn to_results(key: &str) -> Destination {
    Destination::Results { routing_key: key.to_owned() }
}

pub(crate) fn message(id: impl ToString) -> Message {
    Message::json(id.to_string(), "{}")
}

pub(crate) fn results(name: Option<&str>, binding: &str) -> Source {
    Source::Results(Subscription { name: name.map(str::to_owned), binding: binding.to_owned() })
}

pub(crate) async fn publish(broker: &dyn Broker, to: &Destination, ids: std::ops::Range<u32>) {
    for id in ids {
        broker.publish(to, message(id)).await.unwrap();
    }
}

pub(crate) async fn next(deliveries: &mut Box<dyn Deliveries>) -> Delivery {
    tokio::time::timeout(DEADLINE, deliveries.next()).await.unwrap().unwrap()
}

pub(crate) async fn ended(deliveries: &mut Box<dyn Deliveries>) {
    assert!(tokio::time::timeout(DEADLINE, deliveries.next()).await.unwrap().is_none());
}

pub(crate) async fn quiet(deliveries: &mut Box<dyn Deliveries>) {
    let came = tokio::time::timeout(QUIET, deliveries.next()).await;
    assert!(came.is_err(), "expected nothing, got {came:?}");
}

/// Takes and acknowledges `count` messages; returns their ids in order.
pub(crate) async fn drain(deliveries: &mut Box<dyn Deliveries>, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let delivery = next(deliveries).await;
        ids.push(delivery.message.id.clone());
        delivery.ack().await.unwrap();
    }
    ids
}

pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(DEADLINE, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{what} did not come true"));
}
