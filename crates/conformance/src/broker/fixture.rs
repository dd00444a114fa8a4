use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use job::{Lane, Priority, Resource};

use ports::{Broker, Deliveries, Delivery, Destination, Message, Source, Subscription};

/// Far beyond what a healthy broker needs.
const DEADLINE: Duration = Duration::from_secs(30);

/// After this time, a message that must not arrive would have arrived.
const QUIET: Duration = Duration::from_millis(300);

pub(super) const VIDEO_KEY: &str = "videos.text2video.normal";

pub(super) fn lane(resource: Resource, priority: Priority) -> Source {
    Source::Lane(Lane { resource, priority })
}

pub(super) fn videos() -> Source {
    lane(Resource::Videos, Priority::Normal)
}

pub(super) fn jobs(routing_key: &str) -> Destination {
    Destination::Jobs { routing_key: routing_key.to_owned() }
}

pub(super) fn results(routing_key: &str) -> Destination {
    Destination::Results { routing_key: routing_key.to_owned() }
}

pub(super) fn listening(name: Option<&str>, binding: &str) -> Source {
    Source::Results(Subscription { name: name.map(str::to_owned), binding: binding.to_owned() })
}

pub(super) fn message(id: &str) -> Message {
    Message::json(id, format!("{{\"id\":\"{id}\"}}"))
}

/// Publishes small messages under the same key, one after the other.
pub(super) async fn publish(broker: &Arc<dyn Broker>, to: &Destination, ids: &[&str]) {
    for id in ids {
        broker.publish(to, message(id)).await.unwrap();
    }
}

pub(super) async fn soon<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, waiting).await.expect("nothing happened within the deadline")
}

pub(super) async fn take(deliveries: &mut Box<dyn Deliveries>) -> Delivery {
    soon(deliveries.next()).await.expect("the consumer ended")
}

/// Takes and acknowledges `count` messages; returns their message ids.
pub(super) async fn take_ids(deliveries: &mut Box<dyn Deliveries>, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let delivery = take(deliveries).await;
        ids.push(delivery.message.id.clone());
        delivery.ack().await.unwrap();
    }
    ids
}

pub(super) async fn expect_nothing(deliveries: &mut Box<dyn Deliveries>) {
    if let Ok(delivery) = tokio::time::timeout(QUIET, deliveries.next()).await {
        panic!("expected nothing, got {delivery:?}");
    }
}

/// Waits until so many messages are ready: neither taken nor held by a consumer.
pub(super) async fn expect_depth(broker: &Arc<dyn Broker>, source: &Source, depth: u64) {
    soon(async {
        while broker.depth(source).await.unwrap() != depth {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}
