//! The broker without our door, for what our door cannot do.

use broker_rabbitmq::Settings;
use lapin::options::{
    BasicGetOptions, BasicPublishOptions, BasicRejectOptions, ExchangeDeleteOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};

pub(crate) struct RawDoor {
    namespace: String,
    channel: Channel,
    _connection: Connection,
}

impl RawDoor {
    pub(crate) async fn open(settings: &Settings) -> Self {
        let properties = ConnectionProperties::default();
        let connection = Connection::connect(&super::url(), properties).await;
        let connection = connection.expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        Self { namespace: settings.namespace.clone(), channel, _connection: connection }
    }

    fn name(&self, tail: &str) -> String {
        format!("{}.{tail}", self.namespace)
    }

    pub(crate) async fn delete_queue(&self, tail: &str) {
        let options = QueueDeleteOptions::default();
        let deleting = self.channel.queue_delete(self.name(tail).into(), options);
        deleting.await.expect("deleted");
    }

    /// A queue of the classic kind.
    pub(crate) async fn declare_classic(&self, tail: &str) {
        let options = QueueDeclareOptions::durable();
        let declaring =
            self.channel.queue_declare(self.name(tail).into(), options, FieldTable::default());
        declaring.await.expect("declared");
    }

    pub(crate) async fn delete_exchange(&self, tail: &str) {
        let options = ExchangeDeleteOptions::default();
        let deleting = self.channel.exchange_delete(self.name(tail).into(), options);
        deleting.await.expect("deleted");
    }

    pub(crate) async fn unbind(&self, queue: &str, exchange: &str, routing_key: &str) {
        let (queue, exchange) = (self.name(queue).into(), self.name(exchange).into());
        let arguments = FieldTable::default();
        let unbinding = self.channel.queue_unbind(queue, exchange, routing_key.into(), arguments);
        unbinding.await.expect("unbound");
    }

    /// As a producer of another kind publishes it.
    pub(crate) async fn publish(
        &self,
        routing_key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) {
        let (exchange, options) = (self.name("jobs"), BasicPublishOptions::default());
        let (exchange, key) = (exchange.into(), routing_key.into());
        let sending = self.channel.basic_publish(exchange, key, options, body, properties);
        sending.await.expect("sent");
    }

    /// Takes one message and refuses it for good.
    pub(crate) async fn reject_one(&self, queue: &str) {
        let queue = self.name(queue);
        super::soon(async {
            loop {
                let getting =
                    self.channel.basic_get(queue.as_str().into(), BasicGetOptions::default());
                if let Some(message) = getting.await.expect("an answer") {
                    let rejecting = message.reject(BasicRejectOptions { requeue: false });
                    assert!(rejecting.await.expect("rejected"));
                    return;
                }
            }
        })
        .await;
    }
}

/// Deletes everything of this namespace.
pub(crate) async fn clear(settings: &Settings) {
    let raw = RawDoor::open(settings).await;
    let topology = settings.topology();
    let named =
        ["one", "two", "s", "e", "billing"].map(|name| raw.name(&format!("results.{name}")));
    for queue in topology.queues.into_iter().map(|queue| queue.name).chain(named) {
        let options = QueueDeleteOptions::default();
        let _ = raw.channel.queue_delete(queue.as_str().into(), options).await;
    }
    for exchange in topology.exchanges {
        let options = ExchangeDeleteOptions::default();
        let _ = raw.channel.exchange_delete(exchange.name.as_str().into(), options).await;
    }
}
