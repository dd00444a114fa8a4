use async_trait::async_trait;
use job::{Lane, Timestamp};

use crate::{BrokerError, Delivery, Destination, Message, PublishError};

/// How words travel.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Returns when the broker has it durably. Concurrent callers share the wire: publish from
    /// many tasks for throughput. Bounded in time: an outage ends in `Unknown`, not in waiting.
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError>;

    /// Starts to deliver from a source, at most `prefetch` unsettled at a time.
    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError>;

    /// The next delivery of a lane that is ready now; `None` when none is. For whoever takes no
    /// more than it has room for: a consumer is given more.
    async fn take(&self, lane: Lane) -> Result<Option<Delivery>, BrokerError>;

    /// Messages ready to be delivered from a source: an estimate, late by seconds for the journal.
    async fn depth(&self, source: &Source) -> Result<u64, BrokerError>;

    /// Somebody reads from a source now, and may hold what [`depth`](Self::depth) does not count.
    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError>;

    /// Reached, logged in, and everything this program needs is in place.
    async fn check(&self) -> Result<(), BrokerError>;

    /// Requests to the broker, so far, that were not answered in time.
    fn unanswered(&self) -> u64 {
        0
    }
}

/// What can be consumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Lane(Lane),
    Dead,
    /// A copy of each letter that the broker itself put among the dead. Nothing where a broker
    /// never does that.
    BrokerDead,
    Results(Subscription),
    Journal(JournalStart),
}

/// Who listens to results, and to which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Named: kept while nobody listens, shared by all who use the name.
    /// Unnamed: only what is announced from now on, gone with the consumer.
    pub name: Option<String>,
    /// A topic pattern: `#` for everything, `videos.*.succeeded`, …
    pub binding: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalStart {
    First,
    Offset(u64),
    /// No later than the first line that was appended at this moment or after. Earlier lines may
    /// come first: a broker keeps them by the chunk.
    Since(Timestamp),
    /// Only what is appended from now on.
    End,
}

/// A stream of deliveries. Quiet is pending; closed is `None`: leave the loop.
#[async_trait]
pub trait Deliveries: Send {
    /// `None` once closed: cancelled here and drained, cancelled by the broker, or cut off.
    /// Dropping the future before it is ready loses no delivery.
    async fn next(&mut self) -> Option<Delivery>;

    /// Stops taking. What was already taken still comes from [`next`](Self::next), then `None`.
    async fn cancel(&mut self);
}
