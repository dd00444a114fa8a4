use std::collections::BTreeSet;
use std::time::Duration;

use job::{CloudEvent, JournalEntry, Timestamp};
use ports::{
    Barrier, Broker, BrokerError, Deliveries, Delivery, JournalStart, PublishError, Source,
    SystemClock, topic_matches,
};

/// If the journal sends nothing for this long before its end is reached, the replay fails.
const SILENCE: Duration = Duration::from_secs(10);

const AHEAD: u16 = 256;

/// How much the broker's clock may differ from ours.
const SKEW_MS: i64 = 5_000;

/// Past events from the journal, up to the moment of the call: each once, in the order in which
/// they were journaled.
pub struct Replay {
    deliveries: Box<dyn Deliveries>,
    barrier: Barrier,
    since: Timestamp,
    binding: String,
    seen: BTreeSet<String>,
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
        // Before the barrier: a start after the last line means only lines from now on.
        let deliveries = broker.consume(&Source::Journal(JournalStart::Since(from)), AHEAD).await?;
        let barrier = Barrier::publish(broker, &SystemClock).await?;
        let (binding, seen) = (binding.to_owned(), BTreeSet::new());
        Ok(Self { deliveries, barrier, since, binding, seen })
    }

    /// The next event; `None` at the end.
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

    /// The next event that is journaled after the end. An event is journaled after it was
    /// announced, so one that was announced just before a subscription began comes only here, a
    /// little later. Pending while none comes; dropping the future loses no event.
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

    /// Whether this event is new. A subscription also delivers events that are announced meanwhile.
    pub fn is_new(&mut self, event: &CloudEvent) -> bool {
        self.seen.insert(event.id.clone())
    }

    /// Not async, so that a caller that stops waiting loses no event.
    fn read(&mut self, delivery: Delivery) -> Option<CloudEvent> {
        let entry = serde_json::from_slice::<JournalEntry>(&delivery.message.body).ok();
        // An acknowledgement only makes room for the next line: the journal keeps all.
        tokio::spawn(async move { drop(delivery.ack().await) });
        // Lines without an event and lines of a later version give none.
        let JournalEntry { at, event, .. } = entry?;
        let event = event.filter(|event| topic_matches(&self.binding, &event.routing_key()))?;
        (at >= self.since && self.is_new(&event)).then_some(event)
    }
}
