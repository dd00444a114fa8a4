//! Publishes the outbox entries of workers, and those that a dead process left behind.

use std::sync::Arc;
use std::time::Duration;

use job::Record;
use ports::{Destination, LedgerError, OutboxEntry};
use recorder::Earlier;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::shared::Shared;
use crate::trace;

/// Wait after the ledger did not answer.
const TROUBLE: Duration = Duration::from_secs(1);

/// After this, other pollers may claim an entry again.
const LEASE: Duration = Duration::from_secs(10);

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        // Read before the pass, so that one more pass follows the stop: events that a worker of
        // this process wrote while draining are published too.
        let stopping = stop.is_cancelled();
        let claimed = claim(&shared).await;
        let found = !claimed.is_empty();
        // Concurrently: one full consumer queue must not delay other entries.
        let each = claimed.into_iter().map(|entry| publish_entry(&shared, entry));
        futures::future::join_all(each).await;
        if stopping {
            return;
        }
        if !found {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = shared.clock.sleep(shared.settings.sweep) => {}
            }
        }
    }
}

async fn claim(shared: &Shared) -> Vec<OutboxEntry> {
    let fence = shared.session.fence();
    match shared.ledger.claim_outbox(&fence, shared.settings.batch, LEASE).await {
        Ok(claimed) => claimed.items,
        Err(error) => {
            tracing::warn!(%error, "the outbox could not be read");
            shared.clock.sleep(TROUBLE).await;
            Vec::new()
        }
    }
}

async fn publish_entry(shared: &Shared, entry: OutboxEntry) {
    let id = entry.outbox_id();
    let tries = entry.tries;
    let record = match entry.to {
        Destination::Results { .. } | Destination::Jobs { .. } | Destination::Later { .. } => {
            match load(shared, &entry).await {
                Ok(record) => record,
                Err(error) => return tracing::debug!(job = %id.key, %error, "not announced yet"),
            }
        }
        Destination::Overflow { .. }
        | Destination::Dead { .. }
        | Destination::Webhooks { .. }
        | Destination::Journal => None,
    };
    let trace_id = record.as_ref().and_then(Record::trace_id).map(str::to_owned);
    let span = trace::announcement(shared.settings.spans, record.as_ref());
    let announced = shared.recorder.announce(entry, record.as_ref(), Earlier::Perhaps);
    let Err(error) = announced.instrument(span).await else {
        return;
    };
    tracing::warn!(job = %id.key, trace_id, %error, tries, "not announced yet");
    let fence = shared.session.fence();
    let wait = backoff(tries, shared.clock.jitter());
    if let Err(error) = shared.ledger.postpone(&fence, &id, wait).await {
        tracing::debug!(%error, "an entry waits for its claim to end instead");
    }
}

/// If the record cannot be read, the event is announced without a journal line. While the ledger
/// does not answer, the entry waits until its claim ends.
async fn load(shared: &Shared, entry: &OutboxEntry) -> Result<Option<Record>, LedgerError> {
    match shared.ledger.load_whole(&entry.key).await {
        Ok(stored) => Ok(stored.map(|stored| stored.record)),
        Err(LedgerError::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Full jitter from one second up to one minute.
fn backoff(tries: u32, jitter: f64) -> Duration {
    let ceiling =
        Duration::from_secs(2u64.saturating_pow(tries.min(6))).min(Duration::from_secs(60));
    ceiling.mul_f64(jitter).max(Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failed_try_waits_longer_up_to_a_minute() {
        assert_eq!(backoff(0, 0.5), Duration::from_millis(500));
        assert_eq!(backoff(3, 0.5), Duration::from_secs(4));
        assert_eq!(backoff(60, 0.5), Duration::from_secs(30));
        assert_eq!(backoff(2, 0.0), Duration::from_millis(100));
    }
}
