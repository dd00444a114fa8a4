//! Consumes one overflow queue.

use std::time::Duration;

use job::{Job, OverflowQueue};
use ports::{Deliveries, Permit, Source};
use recorder::Phase;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::account::AccountLane;
use crate::consuming::Consuming;
use crate::handler::Handler;

/// One at a time: what is taken ahead would be held for as long.
const PREFETCH: u16 = 1;

/// A full room is looked at so often. It has places for more jobs than get slots meanwhile.
const LOOK: Duration = Duration::from_millis(250);

/// Between two jobs that make way for those of other accounts: a queue full of a paused account's jobs is
/// not moved all at once.
const PUT_OFF: Duration = Duration::from_millis(20);

/// Then a delivery is given back, and taken again. RabbitMQ ends a consumer that keeps one for half
/// an hour.
const LONGEST: Duration = Duration::from_secs(10 * 60);

pub(super) struct QueueConsumer {
    handler: Handler,
    queue: OverflowQueue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The turn has ended, or the worker stops.
    Over,
    NotConsumed,
}

impl QueueConsumer {
    pub(super) fn new(handler: Handler, queue: OverflowQueue) -> Self {
        Self { handler, queue }
    }

    pub(super) async fn run(&self, over: &CancellationToken) -> Ended {
        let source = Source::Overflow(self.queue);
        let mut consuming = Consuming::of(self.handler.shared().clone(), source);
        loop {
            match over.run_until_cancelled(consuming.begin(PREFETCH)).await {
                Some(Some(deliveries)) => self.admit(deliveries, over).await,
                Some(None) => return Ended::NotConsumed,
                None => return Ended::Over,
            }
            if over.run_until_cancelled(consuming.ended()).await.is_none() {
                return Ended::Over;
            }
        }
    }

    /// Until it is over, the consumer is ended, or a delivery was held for too long.
    async fn admit(&self, mut deliveries: Box<dyn Deliveries>, over: &CancellationToken) {
        while let Some(Some(delivery)) = over.run_until_cancelled(deliveries.next()).await {
            let delivery = delivery.not_sent_before();
            let read = self.handler.read(&delivery);
            match read.as_ref().ok().map(|decoded| &decoded.job) {
                Some(job) if !self.finds_place(job, over).await => {
                    if !self.handler.accounts.are_paused_for(job) {
                        self.handler.give_back(delivery).await;
                        break;
                    }
                    self.handler.put_off(delivery).await;
                    over.run_until_cancelled(self.handler.shared().clock.sleep(PUT_OFF)).await;
                }
                Some(_) | None => self.handler.handle(delivery, read).await,
            }
        }
        deliveries.cancel().await;
        while let Some(delivery) = deliveries.next().await {
            self.handler.give_back(delivery).await;
        }
    }

    /// Waits for a place. `false`: not now.
    async fn finds_place(&self, job: &Job, over: &CancellationToken) -> bool {
        let (shared, until) = (self.handler.shared(), Instant::now() + LONGEST);
        while Instant::now() < until && shared.session.phase() == Phase::Open {
            if self.has_place(job).await {
                // A ledger that has just lost its data counts none.
                return shared.session.phase() == Phase::Open;
            }
            let is_put_off = self.handler.accounts.are_paused_for(job);
            if is_put_off || over.run_until_cancelled(shared.clock.sleep(LOOK)).await.is_none() {
                return false;
            }
        }
        false
    }

    /// With one of the accounts that the job may be submitted with.
    async fn has_place(&self, job: &Job) -> bool {
        for lane in self.handler.accounts.allowed(job) {
            let AccountLane { shared, .. } = lane;
            let pool = Permit::pool_of(lane.name(), self.queue.resource);
            match shared.ledger.count_waiting(&pool, &job.key.tenant).await {
                Ok(waiting)
                    if shared.settings.room(self.queue.resource).admits_overflow(waiting) =>
                {
                    return true;
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, pool, "the waiting jobs are not counted"),
            }
        }
        false
    }
}
