//! RabbitMQ: a quorum queue of jobs, one of events, and a stream as the journal.

use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer,
    message::Delivery,
};

use crate::Failed;

pub(super) struct Wire {
    outgoing: Channel,
    _outbound: Connection,
    inbound: Connection,
    jobs: String,
    events: String,
    journal: String,
}

impl Wire {
    pub(super) async fn open(url: &str, name: &str) -> Result<Self, Failed> {
        let connect = || Connection::connect(url, ConnectionProperties::default());
        let (outbound, inbound) = (connect().await?, connect().await?);
        let outgoing = outbound.create_channel().await?;
        outgoing.confirm_select(ConfirmSelectOptions::default()).await?;
        let queue = |what: &str| format!("{name}.{what}");
        let (jobs, events, journal) = (queue("jobs"), queue("events"), queue("journal"));
        for (queue, kind) in [(&jobs, "quorum"), (&events, "quorum"), (&journal, "stream")] {
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString(kind.into()));
            let options = QueueDeclareOptions::durable();
            outgoing.queue_declare(queue.as_str().into(), options, arguments).await?;
        }
        Ok(Self { outgoing, _outbound: outbound, inbound, jobs, events, journal })
    }

    pub(super) async fn publish_job(&self, body: &[u8]) -> Result<(), Failed> {
        self.publish(&self.jobs, body).await
    }

    pub(super) async fn publish_event(&self, body: &[u8]) -> Result<(), Failed> {
        self.publish(&self.events, body).await
    }

    pub(super) async fn append(&self, body: &[u8]) -> Result<(), Failed> {
        self.publish(&self.journal, body).await
    }

    /// Returns when the broker has confirmed it.
    async fn publish(&self, queue: &str, body: &[u8]) -> Result<(), Failed> {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = BasicProperties::default().with_delivery_mode(2);
        let sending =
            self.outgoing.basic_publish("".into(), queue.into(), options, body, properties);
        match sending.await?.await? {
            Confirmation::Ack(None) => Ok(()),
            other => Err(format!("{queue} did not take a message: {other:?}").into()),
        }
    }

    pub(super) async fn jobs(&self, ahead: u16) -> Result<Consumer, Failed> {
        self.consume(&self.jobs, ahead).await
    }

    pub(super) async fn events(&self, ahead: u16) -> Result<Consumer, Failed> {
        self.consume(&self.events, ahead).await
    }

    async fn consume(&self, queue: &str, ahead: u16) -> Result<Consumer, Failed> {
        let channel = self.inbound.create_channel().await?;
        channel.basic_qos(ahead, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let arguments = FieldTable::default();
        Ok(channel.basic_consume(queue.into(), "".into(), options, arguments).await?)
    }

    pub(super) async fn erase(&self) -> Result<(), Failed> {
        for queue in [&self.jobs, &self.events, &self.journal] {
            let options = QueueDeleteOptions::default();
            self.outgoing.queue_delete(queue.as_str().into(), options).await?;
        }
        Ok(())
    }
}

pub(super) async fn ack(delivery: Delivery) -> Result<(), Failed> {
    match delivery.ack(BasicAckOptions::default()).await? {
        true => Ok(()),
        false => Err("an ack did not reach the broker".into()),
    }
}
