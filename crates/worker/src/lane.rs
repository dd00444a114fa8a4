//! The loop of one lane: while its intake is open, take deliveries and work on them.

use std::time::Duration;

use ports::{BrokerError, Deliveries, Source};

use crate::handler::Handler;
use crate::intake::IntakeState;
use crate::slot_request::SlotRequest;

/// After a consumer ended, or could not be started.
const RECONSUME: Duration = Duration::from_millis(200);

/// Until an operator acts nothing changes: more tries would only fill the log.
const REFUSED: Duration = Duration::from_secs(5);

pub(crate) fn retry_after(error: &BrokerError) -> Duration {
    match error {
        BrokerError::Unavailable(_) => RECONSUME,
        BrokerError::Denied(_) | BrokerError::Differs(_) => REFUSED,
    }
}

pub(crate) struct LaneConsumer {
    pub(crate) handler: Handler,
}

/// Why deliveries stopped.
enum Ended {
    Stopping,
    /// The intake was paused or changed its window.
    Intake,
    /// The broker ended it.
    Closed,
}

impl LaneConsumer {
    pub(crate) async fn run(self) {
        let mut warned = None;
        while let Some(window) = self.open_window().await {
            match self.handler.shared.broker.consume(&Source::Lane(self.handler.lane), window).await
            {
                Ok(deliveries) => {
                    warned = None;
                    match self.take(deliveries, window).await {
                        Ended::Stopping => return,
                        Ended::Intake => {}
                        Ended::Closed => self.handler.shared.clock.sleep(RECONSUME).await,
                    }
                }
                Err(error) => {
                    self.warn(&mut warned, &error);
                    self.handler.shared.clock.sleep(retry_after(&error)).await;
                }
            }
        }
    }

    /// Logged once for as long as it stays the same.
    fn warn(&self, warned: &mut Option<String>, error: &BrokerError) {
        let (lane, words) = (self.handler.lane, error.to_string());
        match warned.as_ref() == Some(&words) {
            true => tracing::debug!(%lane, %error, "lane still cannot be consumed"),
            false => tracing::warn!(%lane, %error, "lane cannot be consumed"),
        }
        *warned = Some(words);
    }

    /// Waits until the intake is open; `None` when the worker stops.
    async fn open_window(&self) -> Option<u16> {
        tokio::select! {
            biased;
            () = self.handler.stop.cancelled() => None,
            state = self.handler.intake.wait_for(is_open) => match state {
                IntakeState::Open { window } => Some(window),
                IntakeState::Paused { .. } => None,
            },
        }
    }

    async fn take(&self, mut deliveries: Box<dyn Deliveries>, window: u16) -> Ended {
        loop {
            let delivery = tokio::select! {
                biased;
                () = self.handler.stop.cancelled() => {
                    self.give_back(deliveries).await;
                    return Ended::Stopping;
                }
                _ = self.handler.intake.wait_for(|state| *state != IntakeState::Open { window }) => {
                    self.finish(deliveries).await;
                    return Ended::Intake;
                }
                delivery = deliveries.next() => delivery,
            };
            match delivery {
                Some(delivery) => self.handler.spawn(delivery, SlotRequest::unwatched()),
                None => return Ended::Closed,
            }
        }
    }

    /// Deliveries that were taken before the intake changed are still worked on: in a full pool
    /// they wait in hand.
    async fn finish(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.handler.spawn(delivery, SlotRequest::unwatched());
        }
    }

    /// At a stop the other deliveries go back at once.
    async fn give_back(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.handler.put_back(delivery).await;
        }
    }
}

fn is_open(state: &IntakeState) -> bool {
    matches!(state, IntakeState::Open { .. })
}
