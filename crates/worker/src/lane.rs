//! The loop of one lane: while its gate is open, take deliveries and work on them.

use std::time::Duration;

use ports::{BrokerError, Deliveries, Source};

use crate::desk::Desk;
use crate::gate::Door;
use crate::slot_queue::Try;

/// A consumer that cannot be had, or that ended by itself, is asked for again after this.
const RECONSUME: Duration = Duration::from_millis(200);

/// Until a person acts nothing changes: asked for more often, it would only fill the log.
const REFUSED: Duration = Duration::from_secs(5);

pub(crate) fn rest_after(error: &BrokerError) -> Duration {
    match error {
        BrokerError::Unavailable(_) => RECONSUME,
        BrokerError::Denied(_) | BrokerError::Differs(_) => REFUSED,
    }
}

pub(crate) struct LaneLoop {
    pub(crate) desk: Desk,
}

/// Why deliveries stopped.
enum Ended {
    Stopping,
    /// The gate closed or changed its window.
    Gate,
    /// The broker ended it.
    Closed,
}

impl LaneLoop {
    pub(crate) async fn run(self) {
        let mut told = None;
        while let Some(window) = self.open_window().await {
            match self.desk.shared.broker.consume(&Source::Lane(self.desk.lane), window).await {
                Ok(deliveries) => {
                    told = None;
                    match self.take(deliveries, window).await {
                        Ended::Stopping => return,
                        Ended::Gate => {}
                        Ended::Closed => self.desk.shared.clock.sleep(RECONSUME).await,
                    }
                }
                Err(error) => {
                    self.tell(&mut told, &error);
                    self.desk.shared.clock.sleep(rest_after(&error)).await;
                }
            }
        }
    }

    /// Logged once for as long as it stays the same.
    fn tell(&self, told: &mut Option<String>, error: &BrokerError) {
        let (lane, words) = (self.desk.lane, error.to_string());
        match told.as_ref() == Some(&words) {
            true => tracing::debug!(%lane, %error, "lane still cannot be consumed"),
            false => tracing::warn!(%lane, %error, "lane cannot be consumed"),
        }
        *told = Some(words);
    }

    /// Waits until the gate is open; `None` when the worker stops.
    async fn open_window(&self) -> Option<u16> {
        tokio::select! {
            biased;
            () = self.desk.stop.cancelled() => None,
            door = self.desk.gate.wait_for(|door| matches!(door, Door::Open { .. })) => match door {
                Door::Open { window } => Some(window),
                Door::Closed { .. } => None,
            },
        }
    }

    async fn take(&self, mut deliveries: Box<dyn Deliveries>, window: u16) -> Ended {
        loop {
            let delivery = tokio::select! {
                biased;
                () = self.desk.stop.cancelled() => {
                    self.give_back(deliveries).await;
                    return Ended::Stopping;
                }
                _ = self.desk.gate.wait_for(|door| *door != Door::Open { window }) => {
                    self.finish(deliveries).await;
                    return Ended::Gate;
                }
                delivery = deliveries.next() => delivery,
            };
            match delivery {
                Some(delivery) => self.desk.work_on(delivery, Try::unwatched()),
                None => return Ended::Closed,
            }
        }
    }

    /// What was already taken when the gate changed is still worked on: each delivery finds
    /// its own answer, which for a full pool is to wait in hand.
    async fn finish(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.desk.work_on(delivery, Try::unwatched());
        }
    }

    /// At a stop the rest goes back at once.
    async fn give_back(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.desk.put_back(delivery).await;
        }
    }
}
