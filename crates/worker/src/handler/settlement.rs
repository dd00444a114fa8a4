//! How a delivery is settled: acknowledged, published again for later, or parked.

use job::{Disposition, OverflowQueue, Reached, RetryDelay};
use ports::{Delivery, PublishError};

use super::{BACKOFF, Handler};
use crate::error::Error;
use crate::intake::PauseReason;
use crate::queue_kind::QueueKind;

impl Handler {
    /// `None`: the worker stopped before the delivery was begun.
    pub(super) async fn end(
        &self,
        delivery: Delivery,
        attempted: Option<Result<Disposition, Error>>,
    ) {
        if self.queue == QueueKind::Overflow && is_not_now(attempted.as_ref()) {
            return self.keep_place(delivery, attempted.and_then(Result::err)).await;
        }
        match attempted {
            Some(Ok(disposition)) => self.settle(delivery, disposition).await,
            Some(Err(error)) => self.put_back_after(delivery, &error).await,
            None => self.put_back(delivery).await,
        }
    }

    /// In a lane it would stand before the jobs of others.
    async fn keep_place(&self, delivery: Delivery, error: Option<Error>) {
        if let Some(error) = error {
            tracing::warn!(message_id = %delivery.message.id, %error, "keeps its place");
        }
        self.give_back(delivery).await;
        self.stop.run_until_cancelled(self.shared().clock.sleep(BACKOFF)).await;
    }

    /// To an overflow queue, where it stays the first.
    pub(crate) async fn give_back(&self, delivery: Delivery) {
        if let Err(error) = delivery.requeue().await {
            tracing::debug!(%error, "the delivery returns when its connection ends");
        }
    }

    async fn settle(&self, delivery: Delivery, disposition: Disposition) {
        let id = delivery.message.id.clone();
        let broker = self.shared().broker.as_ref();
        let settled = match disposition {
            Disposition::Ack => delivery.ack().await,
            Disposition::Later(delay, reached) => delivery.later(broker, delay, reached).await,
            Disposition::Overflow(queue) => self.overflow(delivery, queue).await,
            Disposition::Park(reason) => {
                tracing::warn!(message_id = %id, reason = reason.word(), "kept with the dead letters: {reason}");
                delivery.park(broker, &reason, self.shared().clock.now()).await
            }
        };
        if let Err(error) = settled {
            tracing::warn!(message_id = %id, %error, "not settled; it will be delivered again");
            // It returns at once if the broker works but refuses: without a pause, a hot loop.
            if !error.is_about_message() {
                self.accounts.pause(&error.to_string(), &PauseReason::Backoff(BACKOFF));
            }
        }
    }

    /// A queue that takes no more keeps one tenant's jobs waiting, and no others'.
    async fn overflow(&self, delivery: Delivery, queue: OverflowQueue) -> Result<(), PublishError> {
        let broker = self.shared().broker.as_ref();
        match delivery.copy_to(broker, queue).await {
            Ok(()) => delivery.ack().await,
            Err(error) => {
                tracing::warn!(message_id = %delivery.message.id, %queue, %error, "put back for later");
                delivery.later(broker, RetryDelay::ThirtySeconds, Reached::Nothing).await
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
                self.accounts.pause(&error.to_string(), &PauseReason::Backoff(BACKOFF));
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

    /// From an overflow queue, in which jobs of other accounts wait behind it.
    pub(crate) async fn put_off(&self, delivery: Delivery) {
        self.later(delivery, RetryDelay::TwoMinutes, Reached::Nothing).await;
    }

    async fn later(&self, delivery: Delivery, delay: RetryDelay, reached: Reached) {
        let later = delivery.later(self.shared().broker.as_ref(), delay, reached);
        if let Err(error) = later.await {
            tracing::debug!(%error, "the delivery returns when its connection ends");
        }
    }
}

/// Nothing was decided about the job.
fn is_not_now(attempted: Option<&Result<Disposition, Error>>) -> bool {
    match attempted {
        None => true,
        Some(Ok(Disposition::Later(_, Reached::Nothing))) => true,
        Some(Ok(decided)) => *decided == Disposition::elsewhere(),
        Some(Err(error)) => !error.is_of_one_job(),
    }
}
