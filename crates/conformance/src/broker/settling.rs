use std::sync::Arc;

use super::fixture::{
    VIDEO_KEY, expect_depth, expect_nothing, jobs, publish, soon, take, take_ids, videos,
};
use ports::Broker;

pub async fn a_requeue_raises_the_delivery_count(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a"]).await;
    let mut deliveries = broker.consume(&videos(), 1).await.unwrap();
    for count in 0..3 {
        let delivery = take(&mut deliveries).await;
        assert_eq!(delivery.message.id, "a");
        assert_eq!(delivery.delivery_count, count);
        assert_eq!(delivery.redelivered, count > 0);
        delivery.requeue().await.unwrap();
    }
    take(&mut deliveries).await.ack().await.unwrap();
    expect_depth(&broker, &videos(), 0).await;
}

pub async fn a_dropped_delivery_comes_back(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a"]).await;
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    drop(take(&mut deliveries).await);
    let again = take(&mut deliveries).await;
    assert_eq!(again.message.id, "a");
    assert!(again.redelivered);
    assert_eq!(again.delivery_count, 1);
    again.ack().await.unwrap();
    expect_nothing(&mut deliveries).await;
}

pub async fn cancelling_drains_what_was_taken(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a", "b", "c"]).await;
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let held = take(&mut deliveries).await;
    expect_depth(&broker, &videos(), 0).await;
    soon(deliveries.cancel()).await;
    publish(&broker, &jobs(VIDEO_KEY), &["d"]).await;
    assert_eq!(take_ids(&mut deliveries, 2).await, ["b", "c"]);
    assert!(soon(deliveries.next()).await.is_none());
    assert!(soon(deliveries.next()).await.is_none(), "the end is final");
    soon(deliveries.cancel()).await;
    held.ack().await.unwrap();
    expect_depth(&broker, &videos(), 1).await;
    let mut another = broker.consume(&videos(), 10).await.unwrap();
    assert_eq!(take_ids(&mut another, 1).await, ["d"]);
    expect_nothing(&mut another).await;
}

pub async fn a_delivery_outlives_its_consumer(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a", "b"]).await;
    let mut deliveries = broker.consume(&videos(), 2).await.unwrap();
    let first = take(&mut deliveries).await;
    let second = take(&mut deliveries).await;
    drop(deliveries);
    first.ack().await.unwrap();
    second.requeue().await.unwrap();
    let mut another = broker.consume(&videos(), 10).await.unwrap();
    assert_eq!(take_ids(&mut another, 1).await, ["b"]);
    expect_nothing(&mut another).await;
}

pub async fn a_dropped_consumer_gives_back_what_it_never_showed(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a", "b", "c"]).await;
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let held = take(&mut deliveries).await;
    expect_depth(&broker, &videos(), 0).await;
    drop(deliveries);
    let mut another = broker.consume(&videos(), 10).await.unwrap();
    let mut ids = take_ids(&mut another, 2).await;
    ids.sort();
    assert_eq!(ids, ["b", "c"], "while the first is still held");
    held.ack().await.unwrap();
    expect_nothing(&mut another).await;
}
