use std::collections::BTreeSet;
use std::time::Duration;

use job::{CloudEvent, JournalEntry, Timestamp};
use ports::{
    Barrier, Broker, BrokerError, Deliveries, Delivery, JournalStart, PublishError, Source,
    SystemClock, topic_matches,
};

/// A journal that is silent for so long before its end was reached cannot be read.
const SILENCE: Duration = Duration::from_secs(10);

const AHEAD: u16 = 256;

/// The broker's clock may differ from ours by so much.
const SKEW_MS: i64 = 5_000;

/// Events that were announced before somebody listened, from the journal: each once, in the
/// order in which they were announced, up to the moment of asking.
pub struct Replay {
    deliveries: Box<dyn Deliveries>,
    barrier: Barrier,
    since: Timestamp,
    binding: String,
    told: BTreeSet<String>,
}

/// Why a replay is not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("the end of the journal could not be marked: {0}")]
    Publish(#[from] PublishError),
    #[error("the journal ended before its end was reached")]
    Ended,
}

impl Replay {
    pub(crate) async fn begin(
        broker: &dyn Broker,
        since: Timestamp,
        binding: &str,
    ) -> Result<Self, ReplayError> {
        let from = Timestamp::from_millis(since.as_millis().saturating_sub(SKEW_MS).max(0));
        // Before the barrier: a moment after the last line means all that comes from now on.
        let deliveries = broker.consume(&Source::Journal(JournalStart::Since(from)), AHEAD).await?;
        let barrier = Barrier::publish(broker, &SystemClock).await?;
        let (binding, told) = (binding.to_owned(), BTreeSet::new());
        Ok(Self { deliveries, barrier, since, binding, told })
    }

    /// `None` at the end.
    pub async fn next(&mut self) -> Result<Option<CloudEvent>, ReplayError> {
        loop {
            let delivery = tokio::time::timeout(SILENCE, self.deliveries.next()).await;
            let Ok(Some(delivery)) = delivery else { return Err(ReplayError::Ended) };
            if self.barrier.is(&delivery.message) {
                return Ok(None);
            }
            if let Some(event) = self.read(delivery) {
                return Ok(Some(event));
            }
        }
    }

    /// What is journaled after the end. An event is journaled once it was announced, so one that
    /// was announced just before somebody began to listen comes only here, a little later.
    /// Pending while nothing comes; dropping it loses nothing.
    pub async fn late(&mut self) -> CloudEvent {
        loop {
            let Some(delivery) = self.deliveries.next().await else {
                return std::future::pending().await;
            };
            if let Some(event) = self.read(delivery) {
                return event;
            }
        }
    }

    /// Whether this is the first time: what is announced meanwhile comes to who listens, too.
    pub fn is_new(&mut self, event: &CloudEvent) -> bool {
        self.told.insert(event.id.clone())
    }

    /// Not async, so that nobody who stops waiting in the middle loses an event.
    fn read(&mut self, delivery: Delivery) -> Option<CloudEvent> {
        let entry = serde_json::from_slice::<JournalEntry>(&delivery.message.body).ok();
        // A line is read, not taken: this only makes room for the next.
        tokio::spawn(async move { drop(delivery.ack().await) });
        // Lines without an event, and lines of a later version, tell of none.
        let JournalEntry { at, event, .. } = entry?;
        let event = event.filter(|event| topic_matches(&self.binding, &event.routing_key()))?;
        (at >= self.since && self.is_new(&event)).then_some(event)
    }
}
