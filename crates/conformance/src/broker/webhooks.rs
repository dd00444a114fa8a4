//! Calls of clients' URLs, which wait in a queue of their own.

use std::sync::Arc;

use job::WebhookDelay;
use ports::{Broker, Destination, Source};

use super::fixture::{expect_depth, publish, take, take_ids, videos};

pub async fn calls_wait_in_a_queue_of_their_own(broker: Arc<dyn Broker>) {
    publish(&broker, &Destination::Webhooks { after: None }, &["a", "b"]).await;
    expect_depth(&broker, &Source::Webhooks, 2).await;
    expect_depth(&broker, &videos(), 0).await;
    let mut deliveries = broker.consume(&Source::Webhooks, 2).await.unwrap();
    assert_eq!(take_ids(&mut deliveries, 2).await, ["a", "b"]);
}

/// It does not hold up those behind it.
pub async fn a_call_comes_again_after_its_delay(broker: Arc<dyn Broker>) {
    let later = Destination::Webhooks { after: Some(WebhookDelay::FiveSeconds) };
    publish(&broker, &later, &["later"]).await;
    publish(&broker, &Destination::Webhooks { after: None }, &["now"]).await;
    let mut deliveries = broker.consume(&Source::Webhooks, 2).await.unwrap();
    let now = take(&mut deliveries).await;
    assert_eq!(now.message.id, "now");
    now.ack().await.unwrap();
    let later = take(&mut deliveries).await;
    assert_eq!((later.message.id.as_str(), later.delivery_count), ("later", 0));
    later.ack().await.unwrap();
}
