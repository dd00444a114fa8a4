//! A full queue of a consumer, so that every event is refused.

use lapin::options::{QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Connection, ConnectionProperties};

use super::Environment;

pub(crate) struct FullQueue {
    connection: Connection,
    name: String,
}

impl FullQueue {
    /// Bound to all results of the namespace, with room for one message.
    pub(crate) async fn on(environment: &Environment) -> Self {
        let connection =
            Connection::connect(&environment.amqp, ConnectionProperties::default()).await;
        let connection = connection.expect("RabbitMQ");
        let channel = connection.create_channel().await.expect("a channel");
        let name = format!("{}.full", environment.namespace);
        let mut arguments = FieldTable::default();
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
        let overflow = AMQPValue::LongString("reject-publish".into());
        arguments.insert("x-overflow".into(), overflow);
        let options = QueueDeclareOptions::default();
        let queue = name.as_str().into();
        channel.queue_declare(queue, options, arguments).await.expect("a queue");
        let exchange = format!("{}.results", environment.namespace);
        let none = FieldTable::default();
        let bound = channel.queue_bind(
            name.as_str().into(),
            exchange.as_str().into(),
            "#".into(),
            QueueBindOptions::default(),
            none,
        );
        bound.await.expect("bound");
        Self { connection, name }
    }

    pub(crate) async fn gone(self) {
        let channel = self.connection.create_channel().await.expect("a channel");
        let deleted =
            channel.queue_delete(self.name.as_str().into(), QueueDeleteOptions::default());
        deleted.await.expect("deleted");
    }
}
