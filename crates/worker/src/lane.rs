//! The loop of one lane: while its gate is open, take deliveries and work on them.

use std::sync::Arc;
use std::time::Duration;

use job::Lane;
use ports::{Deliveries, Delivery, Source};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::delivery;
use crate::gate::{Door, Gate};
use crate::shared::Shared;

/// A consumer that cannot be had, or that ended by itself, is asked for again after this.
const RECONSUME: Duration = Duration::from_millis(200);

pub(crate) struct LaneLoop {
    pub(crate) shared: Arc<Shared>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) lane: Lane,
    /// Where this lane's deliveries wait for a place, one at a time.
    pub(crate) queue: Arc<Mutex<()>>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
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
        while let Some(window) = self.open_window().await {
            match self.shared.broker.consume(&Source::Lane(self.lane), window).await {
                Ok(deliveries) => match self.take(deliveries, window).await {
                    Ended::Stopping => return,
                    Ended::Gate => {}
                    Ended::Closed => self.shared.clock.sleep(RECONSUME).await,
                },
                Err(error) => {
                    tracing::warn!(lane = %self.lane, %error, "lane cannot be consumed");
                    self.shared.clock.sleep(RECONSUME).await;
                }
            }
        }
    }

    /// Waits until the gate is open; `None` when the worker stops.
    async fn open_window(&self) -> Option<u16> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            door = self.gate.wait_for(|door| matches!(door, Door::Open { .. })) => match door {
                Door::Open { window } => Some(window),
                Door::Closed { .. } => None,
            },
        }
    }

    async fn take(&self, mut deliveries: Box<dyn Deliveries>, window: u16) -> Ended {
        loop {
            let delivery = tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    self.give_back(deliveries).await;
                    return Ended::Stopping;
                }
                _ = self.gate.wait_for(|door| *door != Door::Open { window }) => {
                    self.finish(deliveries).await;
                    return Ended::Gate;
                }
                delivery = deliveries.next() => delivery,
            };
            match delivery {
                Some(delivery) => self.work_on(delivery),
                None => return Ended::Closed,
            }
        }
    }

    /// The prefetch bounds how many wait for their turn.
    fn work_on(&self, delivery: Delivery) {
        let (shared, gate) = (self.shared.clone(), self.gate.clone());
        let (queue, stop) = (self.queue.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            delivery::handle(&shared, &gate, &queue, delivery, &stop).await;
        });
    }

    /// What was already taken when the gate changed is still worked on: each delivery finds
    /// its own answer, which for a full lane is the ladder.
    async fn finish(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.work_on(delivery);
        }
    }

    /// At a stop the rest goes back at once.
    async fn give_back(&self, mut deliveries: Box<dyn Deliveries>) {
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            delivery::requeue(delivery).await;
        }
    }
}
