//! The loop of one lane: while the intake of an account is open, take deliveries and work on them.

use job::Lane;
use ports::{Deliveries, Source};

use crate::consuming::Consuming;
use crate::handler::Handler;

pub(crate) struct LaneConsumer {
    pub(crate) handler: Handler,
    pub(crate) lane: Lane,
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
        let mut consuming = Consuming::of(self.handler.shared().clone(), Source::Lane(self.lane));
        while let Some(window) = self.open_window().await {
            let Some(deliveries) = consuming.begin(window).await else { continue };
            match self.take(deliveries, window).await {
                Ended::Stopping => return,
                Ended::Intake => {}
                Ended::Closed => consuming.ended().await,
            }
        }
    }

    /// Waits until the intake is open; `None` when the worker stops.
    async fn open_window(&self) -> Option<u16> {
        tokio::select! {
            biased;
            () = self.handler.stop.cancelled() => None,
            window = self.handler.accounts.wait_for(|window| window.is_some()) => window,
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
                _ = self.handler.accounts.wait_for(|present| present != Some(window)) => {
                    self.finish(deliveries).await;
                    return Ended::Intake;
                }
                delivery = deliveries.next() => delivery,
            };
            match delivery {
                Some(delivery) => self.handler.spawn(delivery),
                None => return Ended::Closed,
            }
        }
    }

    /// Deliveries that were taken before the intake changed are still worked on.
    async fn finish(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.handler.spawn(delivery);
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
