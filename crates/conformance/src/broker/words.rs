use std::sync::Arc;

use bytes::Bytes;
use job::{MAX_MESSAGE_BYTES, Timestamp};

use super::fixture::{VIDEO_KEY, expect_depth, jobs, take, videos};
use ports::{Broker, Message, PublishError, header};

async fn round_trip(broker: &Arc<dyn Broker>, message: Message) -> Message {
    broker.publish(&jobs(VIDEO_KEY), message).await.unwrap();
    let mut deliveries = broker.consume(&videos(), 1).await.unwrap();
    let delivery = take(&mut deliveries).await;
    let message = delivery.message.clone();
    delivery.ack().await.unwrap();
    message
}

pub async fn a_message_arrives_as_it_was_sent(broker: Arc<dyn Broker>) {
    let mut sent = Message::json("Bestellung/№ 42 – 猫", "{\"prompt\":\"ein Kätzchen 🐈\"}")
        .header(header::ENQUEUED_AT, "1700000000123")
        .header(header::TRACEPARENT, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("x-größe", "klein, 小")
        .header("empty", "")
        .header("x-long", "ä".repeat(2000));
    sent.content_type = "application/cloudevents+json".to_owned();
    sent.kind = Some("dev.reelwork.task.succeeded.v1".to_owned());
    sent.correlation_id = Some("猫-42".to_owned());
    // Whole seconds: a broker need not keep a timestamp more precisely.
    sent.timestamp = Some(Timestamp::from_millis(1_700_000_000_000));
    assert_eq!(round_trip(&broker, sent.clone()).await, sent);
}

pub async fn a_message_without_extras_arrives_without_them(broker: Arc<dyn Broker>) {
    let sent = Message::json("a", Bytes::new());
    assert_eq!(round_trip(&broker, sent.clone()).await, sent);
}

pub async fn a_large_body_comes_back_whole(broker: Arc<dyn Broker>) {
    let body: Vec<u8> = (0..1_000_003u32).map(|n| (n % 251) as u8).collect();
    let sent = Message::json("a", body);
    assert!(round_trip(&broker, sent.clone()).await == sent, "the body has changed");
}

pub async fn a_body_beyond_the_limit_is_refused(broker: Arc<dyn Broker>) {
    let bytes = MAX_MESSAGE_BYTES + 1;
    let refused = broker.publish(&jobs(VIDEO_KEY), Message::json("a", vec![b' '; bytes])).await;
    assert_eq!(refused, Err(PublishError::TooLarge { bytes, most: MAX_MESSAGE_BYTES }));
    expect_depth(&broker, &videos(), 0).await;
}
