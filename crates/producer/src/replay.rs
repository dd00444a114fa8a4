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
        let barrier = Barrier::publish(broker, &SystemClock).await?;
        let source = Source::Journal(JournalStart::Since(since));
        let deliveries = broker.consume(&source, AHEAD).await?;
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
            let event = announced(&delivery);
            // A line is read, not taken: this only makes room for the next.
            drop(delivery.ack().await);
            if let Some(event) = event.filter(|event| self.wants(event)) {
                self.told.insert(event.id.clone());
                return Ok(Some(event));
            }
        }
    }

    /// Whether it was told already: what was announced in between also comes to who listens.
    pub fn has_told(&self, event: &CloudEvent) -> bool {
        self.told.contains(&event.id)
    }

    fn wants(&self, event: &CloudEvent) -> bool {
        event.data.timings.announced_ms >= self.since
            && topic_matches(&self.binding, &event.routing_key())
            && !self.has_told(event)
    }
}

/// Lines without an event, and lines of a later version, tell of none.
fn announced(delivery: &Delivery) -> Option<CloudEvent> {
    serde_json::from_slice::<JournalEntry>(&delivery.message.body).ok()?.event
}
