use async_trait::async_trait;
use job::{Lane, OverflowQueue, Timestamp};

use crate::{BrokerError, Delivery, Destination, Message, PublishError};

/// Carries messages.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Returns when the broker has it durably. Concurrent callers share the connection: publish
    /// from many tasks for throughput. Bounded in time: an outage ends in `Unknown`.
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError>;

    /// Starts to deliver from a source, at most `prefetch` unsettled at a time.
    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError>;

    /// Messages ready to be delivered from a source: an estimate, late by seconds for the journal.
    async fn depth(&self, source: &Source) -> Result<u64, BrokerError>;

    /// Whether a consumer is attached, which may hold what [`depth`](Self::depth) does not count.
    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError>;

    /// Checks that the broker is reached, logged in to, and has all that this program needs.
    async fn check(&self) -> Result<(), BrokerError>;

    /// Closes the connections in order, for all clones: unsettled deliveries go back to their queues,
    /// and nothing more can be done. Without it, the connections are cut when the broker is dropped.
    async fn close(&self) {}

    /// Whether it takes messages now, as far as is known without a request: it is connected, and has
    /// raised no alarm.
    fn takes_messages(&self) -> bool {
        true
    }

    /// Requests to the broker, so far, that were not answered in time.
    fn unanswered(&self) -> u64 {
        0
    }
}

/// What can be consumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Lane(Lane),
    /// A delivery that is given back comes before those that were not delivered yet.
    Overflow(OverflowQueue),
    Dead,
    /// A copy of each message that the broker itself dead-lettered. Nothing if a broker never does
    /// that.
    BrokerDead,
    Results(Subscription),
    /// Calls of clients' URLs.
    Webhooks,
    Journal(JournalStart),
}

/// A consumer of results, and the results it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Named: events are kept while there is no consumer; all consumers of the name share them.
    /// Unnamed: only events from now on, deleted with the consumer.
    pub name: Option<String>,
    /// A topic pattern: `#` for everything, `videos.*.succeeded`, …
    pub binding: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalStart {
    First,
    Offset(u64),
    /// Begins no later than the first line that was appended at or after this moment. Earlier lines
    /// may come first: a broker keeps them by the chunk.
    Since(Timestamp),
    /// Only what is appended from now on.
    End,
}

/// A stream of deliveries. It is pending while none comes.
#[async_trait]
pub trait Deliveries: Send {
    /// `None` once closed: cancelled here and drained, cancelled by the broker, or cut off.
    /// Dropping the future before it is ready loses no delivery.
    async fn next(&mut self) -> Option<Delivery>;

    /// Stops taking. What was already taken still comes from [`next`](Self::next), then `None`.
    async fn cancel(&mut self);
}
