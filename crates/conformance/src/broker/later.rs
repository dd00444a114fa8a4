use std::sync::Arc;
use std::time::Duration;

use job::{Reached, Reason, RetryDelay, Timestamp};
use tokio::time::Instant;

use super::fixture::{
    VIDEO_KEY, expect_depth, expect_nothing, jobs, message, take, take_ids, videos,
};
use ports::{Broker, MOST_HEADER_BYTES, Source, header};

pub async fn later_comes_back_under_its_key(broker: Arc<dyn Broker>) {
    let sent = message("a").header(header::ENQUEUED_AT, "1700000000123");
    broker.publish(&jobs(VIDEO_KEY), sent.clone()).await.unwrap();
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let said =
        [(1, Reached::Provider, Reached::Provider), (2, Reached::Nothing, Reached::Provider)];
    for (retries, says, stays) in said {
        let since = Instant::now();
        let delivery = take(&mut deliveries).await;
        delivery.later(broker.as_ref(), RetryDelay::OneSecond, says).await.unwrap();
        let again = take(&mut deliveries).await;
        let waited = since.elapsed();
        assert!(waited >= Duration::from_millis(900), "back after only {waited:?}");
        assert_eq!(again.routing_key, VIDEO_KEY);
        assert_eq!((again.message.retries(), again.message.reached()), (retries, stays));
        assert_eq!(again.message.enqueued_at(), sent.enqueued_at());
        assert_eq!((&again.message.id, &again.message.body), (&sent.id, &sent.body));
        assert_eq!(again.delivery_count, 0, "waiting is no failed delivery");
        drop(again);
    }
    take(&mut deliveries).await.ack().await.unwrap();
    expect_nothing(&mut deliveries).await;
}

pub async fn what_is_parked_lies_in_dead_with_its_reason(broker: Arc<dyn Broker>) {
    let mut sent = message("a").header("x-shop", "Köln");
    sent.body = bytes::Bytes::from_static(b"\xff not { json \0");
    broker.publish(&jobs(VIDEO_KEY), sent.clone()).await.unwrap();
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let reason = Reason::NotJson("expected value at line 1".to_owned());
    let now = Timestamp::from_millis(1_700_000_000_123);
    take(&mut deliveries).await.park(broker.as_ref(), &reason, now).await.unwrap();
    expect_depth(&broker, &Source::Dead, 1).await;
    let mut dead = broker.consume(&Source::Dead, 10).await.unwrap();
    let letter = take(&mut dead).await;
    assert_eq!(letter.routing_key, VIDEO_KEY);
    assert_eq!(letter.message.id, "a");
    assert_eq!(letter.message.body, sent.body);
    let expected = [
        ("x-shop", "Köln"),
        (header::REACHED, Reached::Nothing.word()),
        (header::REASON, reason.word()),
        (header::ROUTING_KEY, VIDEO_KEY),
        (header::DEAD_AT, "1700000000123"),
    ];
    for (name, value) in expected {
        assert_eq!(letter.message.get(name), Some(value), "{name}");
    }
    assert_eq!(letter.message.get(header::DETAIL), Some(reason.to_string().as_str()));
    letter.ack().await.unwrap();
    expect_nothing(&mut deliveries).await;
    expect_depth(&broker, &Source::Dead, 0).await;
}

/// With any headers and properties that the broker accepted from the producer.
pub async fn what_was_taken_can_always_be_put_back_and_parked(broker: Arc<dyn Broker>) {
    let large = MOST_HEADER_BYTES - 200;
    let sent = message("a").header("large", "y".repeat(large)).header("x-shop", "Köln");
    broker.publish(&jobs(VIDEO_KEY), sent.clone()).await.unwrap();
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let delivery = take(&mut deliveries).await;
    delivery.later(broker.as_ref(), RetryDelay::OneSecond, Reached::Provider).await.unwrap();
    let again = take(&mut deliveries).await;
    assert_eq!(again.message.reached(), Reached::Provider);
    let reason = Reason::NotJson("ä".repeat(5_000));
    again.park(broker.as_ref(), &reason, Timestamp::EPOCH).await.unwrap();
    let mut dead = broker.consume(&Source::Dead, 10).await.unwrap();
    let letter = take(&mut dead).await;
    assert_eq!(letter.message.body, sent.body);
    assert_eq!(letter.message.reached(), Reached::Provider, "it stays said");
    assert_eq!(letter.message.get(header::REASON), Some(reason.word()));
    assert_eq!(letter.message.get("x-shop"), Some("Köln"));
    assert_eq!(letter.message.get(header::DROPPED), Some("large"));
    letter.ack().await.unwrap();
}

pub async fn a_dead_letter_can_be_sent_again(broker: Arc<dyn Broker>) {
    broker.publish(&jobs(VIDEO_KEY), message("a")).await.unwrap();
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let now = Timestamp::from_millis(0);
    take(&mut deliveries).await.park(broker.as_ref(), &Reason::Conflict, now).await.unwrap();
    let mut dead = broker.consume(&Source::Dead, 10).await.unwrap();
    let letter = take(&mut dead).await;
    broker.publish(&jobs(&letter.routing_key), letter.message.clone()).await.unwrap();
    letter.ack().await.unwrap();
    assert_eq!(take_ids(&mut deliveries, 1).await, ["a"]);
}
