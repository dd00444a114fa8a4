use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use job::{Priority, Resource};

use super::fixture::{
    VIDEO_KEY, expect_depth, expect_nothing, jobs, lane, message, publish, soon, take, take_ids,
    videos,
};
use ports::{Broker, PublishError};

pub async fn a_published_job_is_delivered_once_and_gone_when_acknowledged(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a"]).await;
    let mut deliveries = broker.consume(&videos(), 10).await.unwrap();
    let delivery = take(&mut deliveries).await;
    assert_eq!(delivery.routing_key, VIDEO_KEY);
    assert_eq!(delivery.message.id, "a");
    assert!(!delivery.redelivered);
    assert_eq!(delivery.delivery_count, 0);
    assert_eq!(delivery.offset, None);
    delivery.ack().await.unwrap();
    drop(deliveries);
    let mut again = broker.consume(&videos(), 10).await.unwrap();
    expect_nothing(&mut again).await;
    expect_depth(&broker, &videos(), 0).await;
}

pub async fn lanes_are_kept_apart(broker: Arc<dyn Broker>) {
    for (key, resource, priority) in [
        ("videos.avatar.image2video.high", Resource::Videos, Priority::High),
        ("videos.text2video.low", Resource::Videos, Priority::Low),
        ("images.generations.normal", Resource::Images, Priority::Normal),
        ("audio.tts.normal", Resource::Audio, Priority::Normal),
        (VIDEO_KEY, Resource::Videos, Priority::Normal),
    ] {
        publish(&broker, &jobs(key), &[key]).await;
        let mut deliveries = broker.consume(&lane(resource, priority), 10).await.unwrap();
        let delivery = take(&mut deliveries).await;
        assert_eq!((delivery.routing_key.as_str(), delivery.message.id.as_str()), (key, key));
        delivery.ack().await.unwrap();
        expect_depth(&broker, &lane(resource, priority), 0).await;
    }
}

pub async fn a_key_without_a_lane_is_unroutable(broker: Arc<dyn Broker>) {
    for key in ["texts.poem.normal", "videos.text2video.urgent", "", "videos"] {
        let refused = broker.publish(&jobs(key), message("a")).await;
        assert_eq!(refused, Err(PublishError::Unroutable(key.to_owned())), "{key}");
    }
    broker.publish(&jobs(VIDEO_KEY), message("a")).await.unwrap();
}

/// A broker confirms many publishes at once: no publisher may get the result of another.
pub async fn every_publisher_hears_its_own_fate(broker: Arc<dyn Broker>) {
    const ROUTABLE: usize = 2500;
    let publishes = (0..2 * ROUTABLE).map(|number| {
        let broker = broker.clone();
        tokio::spawn(async move {
            let lost = number % 2 == 1;
            let key = if lost { "texts.poem.normal" } else { VIDEO_KEY };
            let result = broker.publish(&jobs(key), message(&number.to_string())).await;
            let unroutable = Err(PublishError::Unroutable(key.to_owned()));
            assert_eq!(result, if lost { unroutable } else { Ok(()) }, "message {number}");
        })
    });
    for publish in soon(join_all(publishes)).await {
        publish.unwrap();
    }
    expect_depth(&broker, &videos(), ROUTABLE as u64).await;
}

pub async fn depth_counts_what_is_ready(broker: Arc<dyn Broker>) {
    expect_depth(&broker, &videos(), 0).await;
    publish(&broker, &jobs(VIDEO_KEY), &["a", "b", "c"]).await;
    expect_depth(&broker, &videos(), 3).await;
    let mut deliveries = broker.consume(&videos(), 1).await.unwrap();
    let delivery = take(&mut deliveries).await;
    expect_depth(&broker, &videos(), 2).await;
    assert!(broker.is_read(&videos()).await.unwrap(), "one is held");
    drop((delivery, deliveries));
    expect_depth(&broker, &videos(), 3).await;
    soon(async {
        while broker.is_read(&videos()).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

pub async fn a_consumer_holds_no_more_than_its_prefetch(broker: Arc<dyn Broker>) {
    publish(&broker, &jobs(VIDEO_KEY), &["a", "b", "c", "d"]).await;
    let mut deliveries = broker.consume(&videos(), 2).await.unwrap();
    let first = take(&mut deliveries).await;
    let second = take(&mut deliveries).await;
    expect_depth(&broker, &videos(), 2).await;
    expect_nothing(&mut deliveries).await;
    first.ack().await.unwrap();
    let third = take(&mut deliveries).await;
    assert_eq!(third.message.id, "c");
    second.ack().await.unwrap();
    third.ack().await.unwrap();
    assert_eq!(take_ids(&mut deliveries, 1).await, ["d"]);
}

pub async fn many_publishers_and_consumers_lose_nothing(broker: Arc<dyn Broker>) {
    const TASKS: usize = 50;
    const EACH: usize = 10;
    let publishers = (0..TASKS).map(|task| {
        let broker = broker.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                let id = format!("{task}-{number}");
                broker.publish(&jobs(VIDEO_KEY), message(&id)).await.unwrap();
            }
        })
    });
    let consumers = (0..2).map(|_| take_until_quiet(broker.clone()));
    let (published, taken) =
        soon(async { tokio::join!(join_all(publishers), join_all(consumers)) }).await;
    published.into_iter().for_each(|result| result.unwrap());
    let taken: Vec<String> = taken.into_iter().flatten().collect();
    let distinct: BTreeSet<&String> = taken.iter().collect();
    assert_eq!(distinct.len(), TASKS * EACH);
    assert_eq!(taken.len(), TASKS * EACH, "something came twice without need");
}

/// Takes messages until none has arrived for a while.
async fn take_until_quiet(broker: Arc<dyn Broker>) -> Vec<String> {
    let mut deliveries = broker.consume(&videos(), 20).await.unwrap();
    let mut ids = Vec::new();
    let mut acks = Vec::new();
    let quiet = std::time::Duration::from_secs(2);
    while let Ok(Some(delivery)) = tokio::time::timeout(quiet, deliveries.next()).await {
        ids.push(delivery.message.id.clone());
        acks.push(tokio::spawn(delivery.ack()));
    }
    for ack in acks {
        ack.await.unwrap().unwrap();
    }
    ids
}

pub async fn a_good_broker_passes_its_check(broker: Arc<dyn Broker>) {
    assert_eq!(broker.check().await, Ok(()));
}
