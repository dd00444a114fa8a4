use std::sync::Arc;

use super::fixture::{expect_depth, expect_nothing, listening, publish, results, take, take_ids};
use ports::Broker;

const SUCCEEDED: &str = "videos.text2video.succeeded";
const FAILED: &str = "images.generations.failed";

pub async fn results_reach_every_subscription(broker: Arc<dyn Broker>) {
    let mut one = broker.consume(&listening(Some("one"), "#"), 10).await.unwrap();
    let mut two = broker.consume(&listening(Some("two"), "#"), 10).await.unwrap();
    let mut three = broker.consume(&listening(None, "#"), 10).await.unwrap();
    publish(&broker, &results(SUCCEEDED), &["a", "b"]).await;
    for deliveries in [&mut one, &mut two, &mut three] {
        assert_eq!(take_ids(deliveries, 2).await, ["a", "b"]);
        expect_nothing(deliveries).await;
    }
}

pub async fn a_named_subscription_keeps_while_nobody_listens(broker: Arc<dyn Broker>) {
    let source = listening(Some("billing"), "#");
    drop(broker.consume(&source, 10).await.unwrap());
    publish(&broker, &results(SUCCEEDED), &["a", "b"]).await;
    expect_depth(&broker, &source, 2).await;
    let mut deliveries = broker.consume(&source, 10).await.unwrap();
    assert_eq!(take_ids(&mut deliveries, 2).await, ["a", "b"]);
}

pub async fn an_unnamed_subscription_hears_from_now_on(broker: Arc<dyn Broker>) {
    publish(&broker, &results(SUCCEEDED), &["before"]).await;
    let mut deliveries = broker.consume(&listening(None, "#"), 10).await.unwrap();
    publish(&broker, &results(SUCCEEDED), &["after"]).await;
    let delivery = take(&mut deliveries).await;
    assert_eq!(delivery.message.id, "after");
    assert_eq!(delivery.routing_key, SUCCEEDED);
    delivery.requeue().await.unwrap();
    let again = take(&mut deliveries).await;
    assert!(again.redelivered);
    again.ack().await.unwrap();
    drop(deliveries);
    publish(&broker, &results(SUCCEEDED), &["meanwhile"]).await;
    let mut later = broker.consume(&listening(None, "#"), 10).await.unwrap();
    expect_nothing(&mut later).await;
}

pub async fn a_binding_filters(broker: Arc<dyn Broker>) {
    let mut succeeded = broker.consume(&listening(Some("s"), "#.succeeded"), 10).await.unwrap();
    let mut images = broker.consume(&listening(None, "images.*.*"), 10).await.unwrap();
    let mut exact = broker.consume(&listening(Some("e"), FAILED), 10).await.unwrap();
    publish(&broker, &results(SUCCEEDED), &["video"]).await;
    publish(&broker, &results("videos.avatar.image2video.succeeded"), &["avatar"]).await;
    publish(&broker, &results(FAILED), &["image"]).await;
    publish(&broker, &results("images.multi.image2image.failed"), &["deep"]).await;
    assert_eq!(take_ids(&mut succeeded, 2).await, ["video", "avatar"]);
    assert_eq!(take_ids(&mut images, 1).await, ["image"]);
    assert_eq!(take_ids(&mut exact, 1).await, ["image"]);
    for deliveries in [&mut succeeded, &mut images, &mut exact] {
        expect_nothing(deliveries).await;
    }
}

pub async fn listeners_of_one_name_share(broker: Arc<dyn Broker>) {
    let source = listening(Some("billing"), "#");
    let mut one = broker.consume(&source, 1).await.unwrap();
    let mut two = broker.consume(&source, 1).await.unwrap();
    publish(&broker, &results(SUCCEEDED), &["a", "b"]).await;
    let first = take(&mut one).await;
    let second = take(&mut two).await;
    assert_ne!(first.message.id, second.message.id);
    first.ack().await.unwrap();
    second.ack().await.unwrap();
    expect_nothing(&mut one).await;
    expect_nothing(&mut two).await;
}

pub async fn a_result_nobody_wants_is_taken_all_the_same(broker: Arc<dyn Broker>) {
    publish(&broker, &results(SUCCEEDED), &["a"]).await;
    let _images = broker.consume(&listening(None, "images.#"), 10).await.unwrap();
    publish(&broker, &results(SUCCEEDED), &["b"]).await;
}
