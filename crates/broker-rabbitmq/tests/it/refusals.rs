//! What the broker refuses, and which error is returned.

use crate::fixture::{
    RawClient, Scratch, VIDEO_KEY, jobs, open, open_with, settings, take, until_ok, videos,
};
use broker_rabbitmq::{RabbitBroker, Settings};
use conformance::broker::Opened;
use job::{OverflowQueue, Reached, Reason, Resource, RetryDelay, Timestamp};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use ports::{
    Broker, BrokerError, Destination, JournalStart, Message, PublishError, Source, Subscription,
    header,
};

fn message(id: &str) -> Message {
    Message::json(id, "{}")
}

async fn refusal(url: &str) -> BrokerError {
    let refused = RabbitBroker::connect(Settings::new(url, "nobody")).await;
    let error = refused.err().expect("a refusal");
    let text = error.to_string();
    assert!(!text.contains("hunter2") && !text.contains('\n'), "{text}");
    error
}

#[tokio::test]
async fn a_refused_login_is_denied_without_the_password() {
    let address = crate::fixture::address();
    let error = refusal(&format!("amqp://guest:hunter2@{address}")).await;
    assert!(
        matches!(&error, BrokerError::Denied(text) if text.contains("ACCESS_REFUSED")),
        "{error}"
    );
    let error = refusal(&format!("amqp://guest:guest@{address}/no-such-host")).await;
    assert!(
        matches!(&error, BrokerError::Denied(text) if text.contains("no-such-host")),
        "{error}"
    );
    let error = refusal("amqp:/hunter2").await;
    assert!(matches!(error, BrokerError::Denied(_)), "{error}");
}

#[tokio::test]
async fn an_absent_broker_is_unavailable() {
    for url in ["amqp://me:hunter2@127.0.0.1:1", "amqp://me:hunter2@no-such-host.invalid"] {
        let error = refusal(url).await;
        assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");
    }
    let error = refusal("amqps://me:hunter2@127.0.0.1:1").await;
    assert!(matches!(error, BrokerError::Unavailable(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_lane_refuses_and_takes_again_when_it_has_room() {
    let mut settings = settings();
    settings.lane_max_length = 1;
    let scratch = open_with(settings).await;
    let mut taken = 0;
    let refused = loop {
        match scratch.broker.publish(&jobs(VIDEO_KEY), message("a")).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100, "the lane never fills");
    };
    assert!(matches!(refused, PublishError::Refused(_)), "{refused}");
    let mut deliveries = scratch.broker.consume(&videos(), 10).await.unwrap();
    for _ in 0..taken {
        take(&mut deliveries).await.ack().await.unwrap();
    }
    let to = jobs(VIDEO_KEY);
    until_ok(|| scratch.broker.publish(&to, message("b"))).await;
    drop(deliveries);
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_journal_is_noticed() {
    let scratch = open().await;
    let raw = RawClient::open(&scratch.settings).await;
    raw.delete_queue("journal").await;
    let refused = scratch.broker.publish(&Destination::Journal, message("a")).await;
    let journal = format!("{}.journal", scratch.settings.namespace);
    assert_eq!(refused, Err(PublishError::Unroutable(journal.clone())));
    let Err(BrokerError::Differs(text)) = scratch.broker.check().await else {
        panic!("the check did not notice");
    };
    assert_eq!(text, format!("queue {journal} is missing"));
    let source = Source::Journal(JournalStart::First);
    let refused = scratch.broker.consume(&source, 1).await.err();
    assert!(matches!(refused, Some(BrokerError::Differs(_))), "{refused:?}");
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_whose_queue_is_deleted_ends() {
    let scratch = open().await;
    let mut deliveries = scratch.broker.consume(&videos(), 1).await.unwrap();
    RawClient::open(&scratch.settings).await.delete_queue("jobs.videos.normal").await;
    assert!(crate::fixture::soon(deliveries.next()).await.is_none());
    let refused = scratch.broker.publish(&jobs(VIDEO_KEY), message("a")).await;
    assert_eq!(refused, Err(PublishError::Unroutable(VIDEO_KEY.to_owned())));
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_exchange_costs_one_channel_and_not_the_others() {
    let scratch = open().await;
    RawClient::open(&scratch.settings).await.delete_exchange("results").await;
    let to = Destination::Results { routing_key: "videos.text2video.failed".to_owned() };
    let unknown = scratch.broker.publish(&to, message("a")).await;
    assert!(matches!(unknown, Err(PublishError::Unknown(_))), "{unknown:?}");
    for id in ["b", "c", "d", "e", "f", "g", "h", "i"] {
        scratch.broker.publish(&jobs(VIDEO_KEY), message(id)).await.unwrap();
    }
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_end_the_connection_is_refused_and_the_rest_goes_on() {
    let scratch = open().await;
    let huge = message("a").header("x", "y".repeat(200_000));
    let refused = scratch.broker.publish(&jobs(VIDEO_KEY), huge).await;
    assert!(matches!(refused, Err(PublishError::TooLarge { .. })), "{refused:?}");
    let long = format!("videos.{}.normal", "x".repeat(255));
    let refused = scratch.broker.publish(&jobs(&long), message("a")).await;
    assert_eq!(refused, Err(PublishError::Unroutable(long)));
    let almost = message("a").header("x", "y".repeat(99_000)).header("CC", "elsewhere");
    scratch.broker.publish(&jobs(VIDEO_KEY), almost).await.unwrap();
    let name = "n".repeat(255);
    let long = Source::Results(Subscription { name: Some(name), binding: "#".to_owned() });
    assert!(scratch.broker.consume(&long, 1).await.is_err());
    assert_eq!(scratch.broker.check().await, Ok(()));
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_dead_letters_can_be_adopted() {
    let scratch = open().await;
    scratch.broker.publish(&jobs(VIDEO_KEY), message("a")).await.unwrap();
    RawClient::open(&scratch.settings).await.reject_one("jobs.videos.normal").await;
    let mut dead = scratch.broker.consume(&Source::Dead, 1).await.unwrap();
    let letter = take(&mut dead).await;
    assert_eq!(letter.routing_key, VIDEO_KEY);
    let lane = format!("{}.jobs.videos.normal", scratch.settings.namespace);
    assert_eq!(letter.message.get("x-first-death-reason"), Some("rejected"));
    assert_eq!(letter.message.get("x-first-death-queue"), Some(lane.as_str()));
    assert_eq!(letter.message.get("x-last-death-reason"), Some("rejected"));
    assert_eq!(letter.message.get(header::REASON), None);
    letter.ack().await.unwrap();
    drop(dead);
    let mut copies = scratch.broker.consume(&Source::BrokerDead, 1).await.unwrap();
    let copy = take(&mut copies).await;
    assert_eq!((copy.message.id.as_str(), copy.routing_key.as_str()), ("a", VIDEO_KEY));
    assert_eq!(copy.message.get(header::DEATH), Some("rejected"));
    copy.ack().await.unwrap();
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_dies_in_an_overflow_queue_has_the_key_of_its_lane() {
    let scratch = open().await;
    let queue = OverflowQueue { resource: Resource::Videos, number: 3 };
    let to = Destination::Overflow { queue, routing_key: VIDEO_KEY.to_owned() };
    scratch.broker.publish(&to, message("a")).await.unwrap();
    RawClient::open(&scratch.settings).await.reject_one("overflow.videos.3").await;
    for source in [Source::Dead, Source::BrokerDead] {
        let mut letters = scratch.broker.consume(&source, 1).await.unwrap();
        let letter = take(&mut letters).await;
        assert_eq!((letter.message.id.as_str(), letter.routing_key.as_str()), ("a", VIDEO_KEY));
        letter.ack().await.unwrap();
    }
    scratch.close().await;
}

/// It was put back before, so its first death was the wait in a delay queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_brokers_own_dead_letters_are_copied_with_their_last_reason() {
    let scratch = open().await;
    let raw = RawClient::open(&scratch.settings).await;
    let mut deliveries = scratch.broker.consume(&videos(), 10).await.unwrap();
    scratch.broker.publish(&jobs(VIDEO_KEY), message("parked")).await.unwrap();
    let taken = take(&mut deliveries).await;
    taken.park(&scratch.broker, &Reason::Conflict, Timestamp::EPOCH).await.unwrap();
    scratch.broker.publish(&jobs(VIDEO_KEY), message("later")).await.unwrap();
    let taken = take(&mut deliveries).await;
    taken.later(&scratch.broker, RetryDelay::OneSecond, Reached::Ledger).await.unwrap();
    drop(take(&mut deliveries).await);
    crate::fixture::soon(deliveries.cancel()).await;
    drop(deliveries);
    raw.reject_one("jobs.videos.normal").await;
    let expiring =
        BasicProperties::default().with_message_id("expired".into()).with_expiration("1".into());
    raw.publish("audio.tts.low", b"{}", expiring).await;
    let mut copies = scratch.broker.consume(&Source::BrokerDead, 10).await.unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..2 {
        let copy = take(&mut copies).await;
        let death = copy.message.get(header::DEATH).map(str::to_owned);
        seen.insert(copy.message.id.clone(), (death, copy.message.reached()));
        copy.ack().await.unwrap();
    }
    let known = |death: &str, reached| (Some(death.to_owned()), reached);
    assert_eq!(seen["expired"], known("expired", Reached::Nothing));
    assert_eq!(seen["later"], known("rejected", Reached::Ledger));
    put_back_it_dies_a_death_of_its_own(&scratch, &raw, copies).await;
    scratch.close().await;
}

/// The reason of the first death is not used for the second.
async fn put_back_it_dies_a_death_of_its_own(
    scratch: &Scratch,
    raw: &RawClient,
    mut copies: Box<dyn ports::Deliveries>,
) {
    let expiring = BasicProperties::default().with_expiration("1".into());
    raw.publish(VIDEO_KEY, b"again", expiring).await;
    let copy = take(&mut copies).await;
    assert_eq!(copy.message.get(header::DEATH), Some("expired"));
    copy.later(&scratch.broker, RetryDelay::OneSecond, Reached::Ledger).await.expect("put back");
    raw.reject_one("jobs.videos.normal").await;
    let copy = take(&mut copies).await;
    assert_eq!(copy.message.get(header::DEATH), Some("rejected"));
    copy.ack().await.expect("settled");
}

/// More than we would publish ourselves, and as much as AMQP permits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_producer_sends_can_be_put_back_and_parked() {
    let scratch = open().await;
    let text = |text: String| AMQPValue::LongString(text.into());
    let mut headers = FieldTable::default();
    headers.insert("huge".into(), text("y".repeat(110_000)));
    headers.insert("not-utf8".into(), AMQPValue::LongString(vec![0xff; 5_000].into()));
    headers.insert("n".repeat(255).into(), text("x".to_owned()));
    headers.insert("table".into(), AMQPValue::FieldTable(FieldTable::default()));
    let long = "i".repeat(255);
    let properties = BasicProperties::default()
        .with_headers(headers)
        .with_message_id(long.as_str().into())
        .with_type(long.as_str().into())
        .with_correlation_id(long.as_str().into())
        .with_app_id(long.as_str().into());
    let body = vec![b' '; job::MAX_MESSAGE_BYTES + 1];
    let raw = RawClient::open(&scratch.settings).await;
    raw.publish(VIDEO_KEY, &body, properties).await;
    let mut deliveries = scratch.broker.consume(&videos(), 1).await.unwrap();
    let taken = take(&mut deliveries).await;
    taken.later(&scratch.broker, RetryDelay::OneSecond, Reached::Nothing).await.unwrap();
    let again = take(&mut deliveries).await;
    again.park(&scratch.broker, &Reason::Conflict, Timestamp::EPOCH).await.unwrap();
    let mut dead = scratch.broker.consume(&Source::Dead, 1).await.unwrap();
    let letter = take(&mut dead).await;
    assert_eq!(letter.message.body.len(), body.len());
    assert_eq!(letter.message.get(header::DROPPED), Some("huge"));
    assert_eq!(letter.message.id, long);
    letter.ack().await.unwrap();
    drop((dead, deliveries));
    scratch.close().await;
}

/// An older version may have left an event with too large headers in the outbox.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_announced_whatever_is_beside_it() {
    let scratch = open().await;
    let to = Destination::Results { routing_key: "videos.text2video.failed".to_owned() };
    let event = message("a").header("tracestate", "y".repeat(105_000));
    scratch.broker.publish(&to, event).await.unwrap();
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_that_a_producer_wrote_is_not_the_brokers() {
    let scratch = open().await;
    let mut headers = FieldTable::default();
    headers.insert("x-delivery-count".into(), AMQPValue::LongLongInt(25));
    headers.insert("x-stream-offset".into(), AMQPValue::LongLongInt(3));
    let raw = RawClient::open(&scratch.settings).await;
    raw.publish(VIDEO_KEY, b"{}", BasicProperties::default().with_headers(headers)).await;
    let mut deliveries = scratch.broker.consume(&videos(), 1).await.unwrap();
    let first = take(&mut deliveries).await;
    assert_eq!((first.redelivered, first.delivery_count), (false, 0));
    first.requeue().await.unwrap();
    let second = take(&mut deliveries).await;
    assert_eq!((second.redelivered, second.delivery_count), (true, 1));
    second.ack().await.unwrap();
    drop(deliveries);
    scratch.close().await;
}
