//! Queues whose jobs wait for a place in the ledger.

use std::sync::Arc;

use job::{OverflowQueue, Resource};
use ports::{Broker, Destination, Source};

use super::fixture::{VIDEO_KEY, expect_depth, publish, take, take_ids, videos};

fn queue(number: u8) -> OverflowQueue {
    OverflowQueue { resource: Resource::Videos, number }
}

async fn overflow(broker: &Arc<dyn Broker>, number: u8, ids: &[&str]) {
    let to = Destination::Overflow { queue: queue(number), routing_key: VIDEO_KEY.to_owned() };
    publish(broker, &to, ids).await;
}

pub async fn jobs_in_overflow_queues_keep_key_and_order(broker: Arc<dyn Broker>) {
    let (first, last) = (0, OverflowQueue::EACH - 1);
    overflow(&broker, first, &["a", "b", "c"]).await;
    overflow(&broker, last, &["d"]).await;
    expect_depth(&broker, &Source::Overflow(queue(first)), 3).await;
    expect_depth(&broker, &Source::Overflow(queue(1)), 0).await;
    expect_depth(&broker, &videos(), 0).await;
    let mut deliveries = broker.consume(&Source::Overflow(queue(last)), 1).await.unwrap();
    let delivery = take(&mut deliveries).await;
    assert_eq!((delivery.message.id.as_str(), delivery.routing_key.as_str()), ("d", VIDEO_KEY));
    assert!(!delivery.redelivered);
    delivery.ack().await.unwrap();
    let mut deliveries = broker.consume(&Source::Overflow(queue(first)), 1).await.unwrap();
    assert_eq!(take_ids(&mut deliveries, 3).await, ["a", "b", "c"]);
}

/// As often as it may be given back.
pub async fn a_job_given_back_to_an_overflow_queue_comes_first(broker: Arc<dyn Broker>) {
    overflow(&broker, 3, &["a", "b", "c"]).await;
    for turn in 0..30 {
        let mut deliveries = broker.consume(&Source::Overflow(queue(3)), 1).await.unwrap();
        let delivery = take(&mut deliveries).await;
        assert_eq!((delivery.message.id.as_str(), delivery.redelivered), ("a", turn > 0));
        delivery.requeue().await.unwrap();
        deliveries.cancel().await;
        while let Some(ahead) = deliveries.next().await {
            ahead.requeue().await.unwrap();
        }
    }
    let mut deliveries = broker.consume(&Source::Overflow(queue(3)), 1).await.unwrap();
    assert_eq!(take_ids(&mut deliveries, 3).await, ["a", "b", "c"]);
}
