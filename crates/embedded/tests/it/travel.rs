//! Lanes, delay queues and dead letters.

use std::time::{Duration, Instant};

use job::{Lane, MAX_MESSAGE_BYTES, Priority, Reached, Reason, Resource, RetryDelay, Timestamp};
use ports::{Clock, Destination, Message, PublishError, Source, SystemClock, header};

use crate::fixture::{
    KEY, LANE, drain, ended, message, next, open, publish, quiet, to_lane, until,
};

#[tokio::test]
async fn a_message_arrives_as_it_was_published() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    let mut sent = Message::json("idé-✓", vec![0, 159, 146, 150]).header("x-naïve", "✓\n");
    sent.timestamp = Some(Timestamp::from_millis(1_234_567));
    sent.kind = Some("dev.reelwork.task.succeeded.v1".to_owned());
    broker.publish(&to_lane(), sent.clone()).await.unwrap();
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    let delivery = next(&mut deliveries).await;
    assert_eq!(delivery.message, sent);
    assert_eq!(delivery.routing_key, KEY);
    assert_eq!((delivery.redelivered, delivery.delivery_count, delivery.offset), (false, 0, None));
    delivery.ack().await.unwrap();
    assert_eq!(broker.depth(&LANE).await.unwrap(), 0);
}

#[tokio::test]
async fn every_lane_gets_its_own_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    for lane in Lane::all() {
        let routing_key = format!("{}.some.operation.{}", lane.resource, lane.priority);
        for n in 0..3 {
            let to = Destination::Jobs { routing_key: routing_key.clone() };
            broker.publish(&to, message(format!("{lane} {n}"))).await.unwrap();
        }
    }
    for lane in Lane::all() {
        let source = Source::Lane(lane);
        assert_eq!(broker.depth(&source).await.unwrap(), 3);
        let mut deliveries = broker.consume(&source, 8).await.unwrap();
        let expected: Vec<_> = (0..3).map(|n| format!("{lane} {n}")).collect();
        assert_eq!(drain(&mut deliveries, 3).await, expected);
    }
}

#[tokio::test]
async fn what_no_lane_binds_or_is_too_large_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    for key in ["", "videos", "poems.x.normal", "videos.x.urgent", "normal.videos"] {
        let jobs = Destination::Jobs { routing_key: key.to_owned() };
        let later =
            Destination::Later { delay: RetryDelay::OneSecond, routing_key: key.to_owned() };
        for to in [jobs, later] {
            let refused = broker.publish(&to, message(1)).await;
            assert_eq!(refused, Err(PublishError::Unroutable(key.to_owned())));
        }
    }
    let large = |bytes| Message::json("large", vec![b' '; bytes]);
    assert_eq!(
        broker.publish(&to_lane(), large(MAX_MESSAGE_BYTES + 1)).await,
        Err(PublishError::TooLarge { bytes: MAX_MESSAGE_BYTES + 1, most: MAX_MESSAGE_BYTES })
    );
    broker.publish(&to_lane(), large(MAX_MESSAGE_BYTES)).await.unwrap();
    assert_eq!(broker.depth(&LANE).await.unwrap(), 1);
}

#[tokio::test]
async fn no_more_than_the_prefetch_are_unsettled() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_lane(), 0..10).await;
    let mut deliveries = broker.consume(&LANE, 3).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(next(&mut deliveries).await);
    }
    quiet(&mut deliveries).await;
    assert_eq!(broker.depth(&LANE).await.unwrap(), 7);
    held.pop().unwrap().ack().await.unwrap();
    held.push(next(&mut deliveries).await);
    assert_eq!(held[2].message.id, "3");
    quiet(&mut deliveries).await;
}

#[tokio::test]
async fn a_long_queue_is_taken_in_several_turns() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    let publishing = (0..1_500u32).map(|id| {
        let broker = broker.clone();
        tokio::spawn(async move { publish(broker.as_ref(), &to_lane(), id..id + 1).await })
    });
    for published in publishing.collect::<Vec<_>>() {
        published.await.unwrap();
    }
    let mut deliveries = broker.consume(&LANE, 2_000).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..1_500 {
        held.push(next(&mut deliveries).await);
    }
}

#[tokio::test]
async fn what_is_given_back_comes_again_first_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_lane(), 0..2).await;
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    next(&mut deliveries).await.requeue().await.unwrap();
    let again = next(&mut deliveries).await;
    assert_eq!(
        (again.message.id.as_str(), again.redelivered, again.delivery_count),
        ("0", true, 1)
    );
    drop(again);
    let again = next(&mut deliveries).await;
    assert_eq!((again.message.id.as_str(), again.delivery_count), ("0", 2));
    again.ack().await.unwrap();
    let other = next(&mut deliveries).await;
    assert_eq!((other.message.id.as_str(), other.redelivered), ("1", false));
}

#[tokio::test]
async fn what_a_consumer_leaves_behind_goes_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_lane(), 0..5).await;
    let mut first = broker.consume(&LANE, 4).await.unwrap();
    let held = next(&mut first).await;
    drop(first);
    let mut second = broker.consume(&LANE, 10).await.unwrap();
    for id in ["1", "2", "3", "4"] {
        let delivery = next(&mut second).await;
        // Prefetched, but not delivered to any user.
        assert_eq!((delivery.message.id.as_str(), delivery.redelivered), (id, false));
        delivery.ack().await.unwrap();
    }
    held.ack().await.unwrap();
    quiet(&mut second).await;
    assert_eq!(broker.depth(&LANE).await.unwrap(), 0);
}

#[tokio::test]
async fn a_cancelled_consumer_hands_out_what_it_has_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_lane(), 0..5).await;
    let mut deliveries = broker.consume(&LANE, 3).await.unwrap();
    let first = next(&mut deliveries).await;
    deliveries.cancel().await;
    first.ack().await.unwrap();
    assert_eq!(drain(&mut deliveries, 2).await, ["1", "2"]);
    ended(&mut deliveries).await;
    ended(&mut deliveries).await;
    let mut resumed = broker.consume(&LANE, 3).await.unwrap();
    assert_eq!(drain(&mut resumed, 2).await, ["3", "4"]);
}

#[tokio::test]
async fn consumers_of_one_lane_share_it_evenly() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    let mut one = broker.consume(&LANE, 100).await.unwrap();
    let mut two = broker.consume(&LANE, 100).await.unwrap();
    publish(broker.as_ref(), &to_lane(), 0..20).await;
    let mut ids = drain(&mut one, 8).await;
    ids.extend(drain(&mut two, 8).await);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 16);
}

#[tokio::test]
async fn an_interrupted_wait_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    let mut deliveries = broker.consume(&LANE, 4).await.unwrap();
    let publisher = broker.clone();
    let publishing =
        tokio::spawn(async move { publish(publisher.as_ref(), &to_lane(), 0..200).await });
    let mut count = 0;
    let begun = Instant::now();
    while count < 200 {
        assert!(begun.elapsed() < crate::fixture::DEADLINE, "{count} came");
        // The future is dropped again and again while it waits.
        let wait = Duration::from_micros(count % 7 * 100);
        if let Ok(Some(delivery)) = tokio::time::timeout(wait, deliveries.next()).await {
            delivery.ack().await.unwrap();
            count += 1;
        }
    }
    publishing.await.unwrap();
    assert_eq!(broker.depth(&LANE).await.unwrap(), 0);
    quiet(&mut deliveries).await;
}

#[tokio::test]
async fn later_brings_it_back_after_its_wait_at_the_end_of_its_lane() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    publish(broker.as_ref(), &to_lane(), 0..1).await;
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    let first = next(&mut deliveries).await;
    let begun = Instant::now();
    first.later(broker.as_ref(), RetryDelay::OneSecond, Reached::Nothing).await.unwrap();
    quiet(&mut deliveries).await;
    drop(deliveries);
    publish(broker.as_ref(), &to_lane(), 1..3).await;
    assert_eq!(broker.depth(&LANE).await.unwrap(), 2);
    until("it is back", async || broker.depth(&LANE).await.unwrap() == 3).await;
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(999), "{waited:?}");
    assert!(waited < Duration::from_secs(3), "{waited:?}");
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    assert_eq!(drain(&mut deliveries, 2).await, ["1", "2"]);
    let again = next(&mut deliveries).await;
    assert_eq!((again.message.id.as_str(), again.message.retries()), ("0", 1));
    // It was published anew, not returned.
    assert_eq!((again.routing_key.as_str(), again.delivery_count), (KEY, 0));
}

#[tokio::test]
async fn a_parked_message_waits_among_the_dead_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(&dir).broker();
    broker.publish(&to_lane(), Message::json("bad", "not json")).await.unwrap();
    let mut deliveries = broker.consume(&LANE, 1).await.unwrap();
    let reason = Reason::NotJson("expected value".to_owned());
    let delivery = next(&mut deliveries).await;
    delivery.park(broker.as_ref(), &reason, SystemClock.now()).await.unwrap();
    assert_eq!(broker.depth(&LANE).await.unwrap(), 0);
    assert_eq!(broker.depth(&Source::Dead).await.unwrap(), 1);
    let mut dead = broker.consume(&Source::Dead, 1).await.unwrap();
    let parked = next(&mut dead).await;
    assert_eq!(parked.message.body, "not json");
    assert_eq!(parked.message.get(header::REASON), Some("not_json"));
    assert_eq!(parked.message.get(header::ROUTING_KEY), Some(KEY));
}

#[tokio::test]
async fn closing_ends_consumers_and_gives_back_what_they_held() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = open(&dir);
    let broker = embedded.broker();
    publish(broker.as_ref(), &to_lane(), 0..3).await;
    let mut deliveries = broker.consume(&LANE, 2).await.unwrap();
    let held = next(&mut deliveries).await;
    embedded.close().await;
    ended(&mut deliveries).await;
    assert!(matches!(held.ack().await, Err(PublishError::Unknown(_))));
    assert!(matches!(broker.publish(&to_lane(), message(9)).await, Err(PublishError::Refused(_))));
    assert!(broker.check().await.is_err());
    let reopened = open(&dir).broker();
    assert_eq!(reopened.depth(&LANE).await.unwrap(), 3);
}

#[tokio::test]
async fn namespaces_on_one_file_do_not_meet() {
    let dir = tempfile::tempdir().unwrap();
    let one = open(&dir).broker();
    let settings = embedded::Settings::new(dir.path().join("reelwork.db"), "other");
    let two = embedded::Embedded::open(settings).unwrap().broker();
    publish(one.as_ref(), &to_lane(), 0..1).await;
    assert_eq!(two.depth(&LANE).await.unwrap(), 0);
    let lane = Lane { resource: Resource::Videos, priority: Priority::Normal };
    let mut deliveries = two.consume(&Source::Lane(lane), 1).await.unwrap();
    quiet(&mut deliveries).await;
}
