//! Starts a consumer, again after each error.

use std::sync::Arc;
use std::time::Duration;

use ports::{BrokerError, Deliveries, Source};

use crate::shared::Shared;

/// After a consumer ended, or could not be started.
const RECONSUME: Duration = Duration::from_millis(200);

/// Until an operator acts nothing changes: more tries would only fill the log.
const REFUSED: Duration = Duration::from_secs(5);

fn retry_after(error: &BrokerError) -> Duration {
    match error {
        BrokerError::Unavailable(_) => RECONSUME,
        BrokerError::Denied(_) | BrokerError::Differs(_) => REFUSED,
    }
}

pub(crate) struct Consuming {
    shared: Arc<Shared>,
    source: Source,
    /// The error that was logged last.
    warned: Option<String>,
}

impl Consuming {
    pub(crate) fn of(shared: Arc<Shared>, source: Source) -> Self {
        Self { shared, source, warned: None }
    }

    /// `None` after an error, and the time until the next try.
    pub(crate) async fn begin(&mut self, prefetch: u16) -> Option<Box<dyn Deliveries>> {
        match self.shared.broker.consume(&self.source, prefetch).await {
            Ok(deliveries) => {
                self.warned = None;
                Some(deliveries)
            }
            Err(error) => {
                self.warn(&error);
                self.shared.clock.sleep(retry_after(&error)).await;
                None
            }
        }
    }

    /// Waits until a consumer that the broker ended may start again.
    pub(crate) async fn ended(&self) {
        self.shared.clock.sleep(RECONSUME).await;
    }

    /// Logged once for as long as it stays the same.
    fn warn(&mut self, error: &BrokerError) {
        let (source, words) = (name(&self.source), error.to_string());
        match self.warned.as_ref() == Some(&words) {
            true => tracing::debug!(source, %error, "queue still cannot be consumed"),
            false => tracing::warn!(source, %error, "queue cannot be consumed"),
        }
        self.warned = Some(words);
    }
}

/// The tail of the queue's name.
fn name(source: &Source) -> String {
    match source {
        Source::Lane(lane) => format!("jobs.{lane}"),
        Source::Overflow(queue) => format!("overflow.{queue}"),
        Source::Dead | Source::BrokerDead => "dead".to_owned(),
        Source::Results(_) => "results".to_owned(),
        Source::Webhooks => "webhooks".to_owned(),
        Source::Journal(_) => "journal".to_owned(),
    }
}
