//! How a delivery is settled: acknowledged, published again for later, or parked.

use job::{Disposition, Reached, RetryDelay};
use ports::Delivery;

use super::{BACKOFF, Handler};
use crate::attempt::Attempted;
use crate::error::Error;
use crate::intake::PauseReason;

impl Handler {
    /// `None`: the worker stopped before the delivery was begun.
    pub(super) async fn end(
        &self,
        delivery: Delivery,
        attempted: Option<Result<Attempted, Error>>,
    ) {
        match attempted {
            Some(Ok(Attempted::Done(disposition))) => self.settle(delivery, disposition).await,
            Some(Ok(Attempted::NoSlot { .. })) => {
                self.settle(delivery, Disposition::unrecorded(RetryDelay::OneSecond)).await;
            }
            Some(Err(error)) => self.put_back_after(delivery, &error).await,
            None => self.put_back(delivery).await,
        }
    }

    async fn settle(&self, delivery: Delivery, disposition: Disposition) {
        let id = delivery.message.id.clone();
        let broker = self.shared.broker.as_ref();
        let settled = match disposition {
            Disposition::Ack => delivery.ack().await,
            Disposition::Later(delay, reached) => delivery.later(broker, delay, reached).await,
            Disposition::Park(reason) => {
                tracing::warn!(message_id = %id, reason = reason.word(), "kept with the dead letters: {reason}");
                delivery.park(broker, &reason, self.shared.clock.now()).await
            }
        };
        if let Err(error) = settled {
            tracing::warn!(message_id = %id, %error, "not settled; it will be delivered again");
            // It returns at once if the broker works but refuses: without a pause, a hot loop.
            if !error.is_about_message() {
                self.intake.pause(error.to_string(), PauseReason::Backoff(BACKOFF));
            }
        }
    }

    /// If ledger or broker failed, the lane backs off and the job waits in a delay queue. An error
    /// of this job alone delays no other job.
    async fn put_back_after(&self, delivery: Delivery, error: &Error) {
        tracing::warn!(message_id = %delivery.message.id, %error, "put back for later");
        let delay = match error.is_of_one_job() {
            true => RetryDelay::TwoMinutes,
            false => {
                self.intake.pause(error.to_string(), PauseReason::Backoff(BACKOFF));
                RetryDelay::OneSecond
            }
        };
        let delivery = match error.unsent() {
            Some(intent) => delivery.unsent(intent),
            None => delivery,
        };
        self.later(delivery, delay, error.reached()).await;
    }

    /// At a stop. Given back to its queue it would look as if it might have been sent.
    pub(crate) async fn put_back(&self, delivery: Delivery) {
        self.later(delivery, RetryDelay::OneSecond, Reached::Nothing).await;
    }

    async fn later(&self, delivery: Delivery, delay: RetryDelay, reached: Reached) {
        let later = delivery.later(self.shared.broker.as_ref(), delay, reached);
        if let Err(error) = later.await {
            tracing::debug!(%error, "the delivery returns when its connection ends");
        }
    }
}
