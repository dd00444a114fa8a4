//! Messages that RabbitMQ itself dead-letters: their jobs end too, and are announced.

use job::EventKind;
use lapin::options::{BasicGetOptions, BasicPublishOptions, BasicRejectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::json;

use crate::harness::{Backend, Consumer, Environment, Provider, Wish, until};

const VIDEO: &str = "videos.text2video.normal";

/// A producer and a consumer that do not use this project's libraries.
struct Foreign {
    namespace: String,
    channel: Channel,
    _connection: Connection,
}

impl Foreign {
    async fn at(environment: &Environment) -> Self {
        let connection =
            Connection::connect(&environment.amqp, ConnectionProperties::default()).await;
        let connection = connection.expect("RabbitMQ");
        let channel = connection.create_channel().await.expect("a channel");
        Self { namespace: environment.namespace.clone(), channel, _connection: connection }
    }

    async fn publish(&self, wish: &Wish, expiration: Option<&str>) {
        let mut properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_message_id(wish.id.as_str().into());
        if let Some(expiration) = expiration {
            properties = properties.with_expiration(expiration.into());
        }
        self.send(wish, properties).await;
    }

    /// A message that expires, with headers copied from another dead letter.
    async fn publish_copied(&self, wish: &Wish) {
        let mut headers = FieldTable::default();
        for (name, value) in [("x-reelwork-reason", "not_json"), ("x-last-death-reason", "maxlen")]
        {
            headers.insert(name.into(), AMQPValue::LongString(value.into()));
        }
        let properties = BasicProperties::default()
            .with_message_id(wish.id.as_str().into())
            .with_expiration("1".into())
            .with_headers(headers);
        self.send(wish, properties).await;
    }

    async fn send(&self, wish: &Wish, properties: BasicProperties) {
        let (exchange, options) =
            (format!("{}.jobs", self.namespace), BasicPublishOptions::default());
        let (exchange, key, body) = (exchange.as_str().into(), VIDEO.into(), wish.body());
        let sending = self.channel.basic_publish(exchange, key, options, &body, properties);
        sending.await.expect("sent");
    }

    async fn reject_one(&self) {
        let queue = format!("{}.jobs.videos.normal", self.namespace);
        until("there is a message to refuse", async || {
            let getting = self.channel.basic_get(queue.as_str().into(), BasicGetOptions::default());
            let Some(message) = getting.await.expect("an answer") else { return false };
            let options = BasicRejectOptions { requeue: false };
            message.reject(options).await.expect("refused")
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_gives_up_is_adopted_and_announced_once() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _poller = program.start_role("poller", "poller").await;
    let foreign = Foreign::at(&environment).await;
    let (old, refused) = (Wish::video("too-old"), Wish::video("refused"));
    for _ in 0..2 {
        foreign.publish(&old, Some("1")).await;
    }
    let copied = Wish::video("copied");
    foreign.publish_copied(&copied).await;
    assert_eq!(consumer.receives("copied").await.kind(), Some(EventKind::TimedOut));
    let event = consumer.receives("too-old").await;
    assert_eq!(event.kind(), Some(EventKind::TimedOut));
    let error = event.data.error.as_ref().expect("an error");
    assert!(error.message.contains("expired"), "{error:?}");
    foreign.publish(&refused, None).await;
    foreign.reject_one().await;
    let event = consumer.receives("refused").await;
    assert_eq!(event.kind(), Some(EventKind::Parked));
    let letters = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
    let reasons: Vec<_> = letters.iter().map(|letter| letter["reason"].clone()).collect();
    assert_eq!(reasons, ["expired", "expired", "expired", "rejected"]);
    consumer.received().has_one_outcome_each(["too-old", "copied", "refused"]);
    let _worker = program.start_role("worker", "worker").await;
    let later = Wish::video("later");
    foreign.publish(&later, None).await;
    assert_eq!(consumer.receives("later").await.kind(), Some(EventKind::Succeeded));
    assert_eq!(provider.accounts().await.submissions, 1, "nothing that was given up is paid for");
}
