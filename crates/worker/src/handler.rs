//! One delivery, from the moment it is taken to the moment it is settled.

mod settlement;

use std::sync::Arc;
use std::time::Duration;

use job::{Disposition, JobKey, RetryDelay, trace_id};
use ports::{Delivery, Fence, header};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use crate::account::{AccountLane, AccountLanes};
use crate::attempt::{Attempt, reject};
use crate::decode::{self, Decoded, Read};
use crate::error::Error;
use crate::intake::{PauseReason, REBUILT};
use crate::queue_kind::QueueKind;
use crate::recovery_order::{LaneOrder, Next, RecoveryOrder};
use crate::routing::Routed;
use crate::shared::Shared;

/// How long a lane backs off when the ledger or the broker fails.
const BACKOFF: Duration = Duration::from_millis(500);

/// Handles the deliveries of one queue.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) accounts: AccountLanes,
    pub(crate) queue: QueueKind,
    pub(crate) order: Arc<LaneOrder>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Handler {
    /// What concerns the whole worker.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.accounts.first().shared
    }

    /// In a task of its own.
    pub(crate) fn spawn(&self, delivery: Delivery) {
        let handler = self.clone();
        self.tasks.spawn(async move {
            let read = handler.read(&delivery);
            handler.handle(delivery, read).await;
        });
    }

    pub(crate) fn read(&self, delivery: &Delivery) -> Read {
        decode::read(delivery, self.queue, self.accounts.bounds())
    }

    pub(crate) async fn handle(&self, delivery: Delivery, decoded: Read) {
        let key = decoded.as_ref().map_or_else(|bad| bad.key.as_ref(), |ok| Some(&ok.job.key));
        let (handling, job) = (delivery.handling.span().clone(), span(key, &delivery));
        handling.record("job.id", key.map(|key| tracing::field::display(&key.id)));
        let handle = async {
            let attempted = match decoded {
                Ok(decoded) => self.attempt(&delivery, decoded).await,
                Err(bad) => Some(self.reject(&delivery, *bad).await),
            };
            self.end(delivery, attempted).await;
        };
        handle.instrument(job).instrument(handling).await;
    }

    /// `None`: the worker stopped before it was this delivery's turn.
    async fn attempt(
        &self,
        delivery: &Delivery,
        decoded: Decoded,
    ) -> Option<Result<Disposition, Error>> {
        let (shared, stop) = (self.shared(), &self.stop);
        let order = RecoveryOrder::of(shared, &self.order, delivery);
        loop {
            // After a stop a place becomes free only when a POST ends, which takes too long.
            let Next::Start(place) = stop.run_until_cancelled(order.wait()).await?? else {
                return Some(Ok(Disposition::unrecorded(RetryDelay::OneSecond)));
            };
            let attempted = self.attempt_once(delivery, decoded.clone()).await;
            drop(place);
            match attempted {
                Err(error) if order.is_kept_after(&error) => {
                    tracing::debug!(message_id = %delivery.message.id, %error, "kept in hand");
                    self.accounts.pause(&error.to_string(), &PauseReason::Backoff(BACKOFF));
                    stop.run_until_cancelled(shared.clock.sleep(BACKOFF)).await?;
                }
                attempted => return Some(attempted),
            }
        }
    }

    async fn attempt_once(
        &self,
        delivery: &Delivery,
        mut decoded: Decoded,
    ) -> Result<Disposition, Error> {
        let Some(fence) = self.fence() else {
            return Ok(Disposition::unrecorded(RetryDelay::OneSecond));
        };
        let Routed { lane, possible } =
            self.accounts.route(delivery, self.queue, &mut decoded).await?;
        let (shared, intake) = (&lane.shared, &lane.intake);
        let attempt = Attempt::new(shared, intake, delivery, self.queue, fence, decoded, possible);
        // Boxed: it is large, and most of a lane's tasks only wait.
        Box::pin(attempt.run()).await
    }

    async fn reject(&self, delivery: &Delivery, bad: job::BadJob) -> Result<Disposition, Error> {
        match self.fence() {
            Some(fence) => {
                let AccountLane { shared, intake } = self.accounts.first();
                let any = self.accounts.names_of_several();
                reject(shared, intake, delivery, self.queue, fence, bad, any).await
            }
            None => Ok(Disposition::unrecorded(RetryDelay::OneSecond)),
        }
    }

    /// Read before the phase, so that it is of a generation that was open. `None`: the ledger is
    /// rebuilt and may not know a job or an id that it knew before.
    fn fence(&self) -> Option<Arc<Fence>> {
        let fence = self.shared().session.fence();
        if self.shared().is_rebuilding() {
            self.accounts.pause(REBUILT, &PauseReason::LedgerRebuild);
            return None;
        }
        Some(fence)
    }
}

/// At level error, so that every log line inside it names the job.
fn span(key: Option<&JobKey>, delivery: &Delivery) -> Span {
    let trace_id = delivery.message.get(header::TRACEPARENT).and_then(trace_id);
    tracing::error_span!("job", job = key.map(tracing::field::display), trace_id)
}
