use std::sync::Arc;

use job::{Job, JobKey, Timestamp};
use ports::{
    Broker, BrokerError, Clock, Destination, Message, PublishError, Source, Subscription,
    SystemClock, header,
};

use validation::Slots;

use crate::draft::{self, Invalid};
use crate::replay::{Replay, ReplayError};
use crate::results::Results;

/// Publishes jobs and reads their results.
#[derive(Clone)]
pub struct Producer {
    broker: Arc<dyn Broker>,
    slots: Slots,
}

/// The broker has the job, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub key: JobKey,
    pub operation: String,
}

/// Why a job is not known to be published. Only [`Invalid`] may lack its key.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProduceError {
    /// Nothing was published: change the job.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The broker has nothing: publish again later.
    #[error("job {} was refused: {cause}", key.id)]
    Refused { key: JobKey, cause: PublishError },
    /// The broker may have it: publish again **under the same id**, with
    /// [`Producer::publish_again`].
    #[error("job {}: {cause}; publish it again under the same id", key.id)]
    Unknown { key: JobKey, published_at: Timestamp, cause: PublishError },
}

impl ProduceError {
    pub fn key(&self) -> Option<&JobKey> {
        match self {
            Self::Invalid(invalid) => invalid.key.as_ref(),
            Self::Refused { key, .. } | Self::Unknown { key, .. } => Some(key),
        }
    }
}

impl Producer {
    pub fn new(broker: Arc<dyn Broker>) -> Self {
        Self { broker, slots: Slots::default() }
    }

    /// The slots of the workers' configuration: a job that needs more is refused.
    #[must_use]
    pub fn within(self, slots: Slots) -> Self {
        Self { slots, ..self }
    }

    /// Connects to the RabbitMQ at `url` (`amqp://…`), under the namespace `reelwork`.
    #[cfg(feature = "rabbitmq")]
    pub async fn connect(url: &str) -> Result<Self, BrokerError> {
        Self::connect_traced(url, spans::Spans::default()).await
    }

    /// The same for a service that traces: each job carries the name of the running span.
    #[cfg(feature = "rabbitmq")]
    pub async fn connect_traced(url: &str, spans: spans::Spans) -> Result<Self, BrokerError> {
        let mut settings = broker_rabbitmq::Settings::new(url.to_owned(), "reelwork");
        settings.spans = spans;
        Ok(Self::new(Arc::new(broker_rabbitmq::RabbitBroker::connect(settings).await?)))
    }

    /// Closes the connections in order, for all clones. Without it they are cut when the last clone is
    /// dropped, and RabbitMQ logs a warning for each.
    pub async fn close(&self) {
        self.broker.close().await;
    }

    /// Returns when the broker has it; a job that no worker can do is refused before. The same id
    /// with the same request is a duplicate and is done once; with another request it is a
    /// conflict, and the first stands.
    pub async fn publish(&self, job: &Job) -> Result<Receipt, ProduceError> {
        self.publish_again(job, SystemClock.now()).await
    }

    /// As [`publish`](Self::publish), for a job whose first publish ended with
    /// [`ProduceError::Unknown`]. It keeps the time of that publish: two messages of one job with
    /// two times cannot be told from two jobs once the ledger has lost the job's record.
    pub async fn publish_again(
        &self,
        job: &Job,
        published_at: Timestamp,
    ) -> Result<Receipt, ProduceError> {
        let (key, body) = (job.key.clone(), job.to_message());
        // It may have been decoded elsewhere, without the checks of a draft.
        draft::inspect(job, body.len(), self.slots)
            .map_err(|reason| Invalid { reason, key: Some(key.clone()) })?;
        let to = Destination::Jobs { routing_key: job.routing_key().to_string() };
        let mut message = Message::json(job.key.id.as_str(), body)
            .header(header::ENQUEUED_AT, published_at.as_millis().to_string());
        message.timestamp = Some(published_at);
        match self.broker.publish(&to, message).await {
            Ok(()) => Ok(Receipt { key, operation: job.operation.to_string() }),
            Err(cause @ (PublishError::Unknown(_) | PublishError::Denied(_))) => {
                Err(ProduceError::Unknown { key, published_at, cause })
            }
            Err(cause) => Err(ProduceError::Refused { key, cause }),
        }
    }

    /// Publishes a job written as JSON, in the form that every language uses.
    pub async fn publish_json(&self, body: &[u8]) -> Result<Receipt, ProduceError> {
        self.publish(&draft::read(body, self.slots)?).await
    }

    /// Checks a job written as JSON, without publishing it.
    pub fn read(body: &[u8], slots: Slots) -> Result<Job, Invalid> {
        draft::read(body, slots)
    }

    /// Subscribes to results. With a name, results are kept while there is no consumer.
    pub async fn results(&self, name: Option<&str>, binding: &str) -> Result<Results, BrokerError> {
        const AHEAD: u16 = 256;
        let subscription =
            Subscription { name: name.map(str::to_owned), binding: binding.to_owned() };
        let deliveries = self.broker.consume(&Source::Results(subscription), AHEAD).await?;
        Ok(Results::new(deliveries))
    }

    /// The events since then that match `binding`, as long as the journal keeps them.
    pub async fn replay(&self, since: Timestamp, binding: &str) -> Result<Replay, ReplayError> {
        Replay::begin(self.broker.as_ref(), since, binding).await
    }
}

#[cfg(test)]
mod tests {
    use job::{Lane, Priority, Resource};
    use memory::MemoryBroker;

    use ports::Source;

    use super::*;
    use crate::Draft;

    #[tokio::test]
    async fn a_job_that_is_published_again_keeps_its_time() {
        let broker = MemoryBroker::new();
        let producer = Producer::new(Arc::new(broker.connect()));
        let job = Draft::new("videos/text2video").id("a").prompt("x").build().unwrap();
        let first = Timestamp::from_millis(1_700_000_000_123);
        producer.publish_again(&job, first).await.unwrap();
        let lane = Lane { resource: Resource::Videos, priority: Priority::Normal };
        let mut deliveries = broker.connect().consume(&Source::Lane(lane), 1).await.unwrap();
        let taken = deliveries.next().await.unwrap();
        assert_eq!(taken.message.get(header::ENQUEUED_AT), Some("1700000000123"));
        assert_eq!(taken.message.timestamp, Some(first));
    }
}
