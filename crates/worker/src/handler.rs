//! One delivery, from the moment it is taken to the moment it is settled.

mod settlement;

use std::sync::Arc;
use std::time::Duration;

use job::{Disposition, JobKey, Lane, RetryDelay, trace_id};
use ports::{Delivery, Fence, header};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use crate::attempt::{Attempt, Attempted, reject};
use crate::decode::{self, Decoded};
use crate::error::Error;
use crate::intake::{Intake, PauseReason, REBUILT};
use crate::recovery_order::{LaneOrder, Next, RecoveryOrder};
use crate::shared::Shared;
use crate::slot_request::{IfFull, SlotRequest};

/// How long a lane backs off when the ledger or the broker fails.
const BACKOFF: Duration = Duration::from_millis(500);

/// Handles the deliveries of one lane, each in a task of its own.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) shared: Arc<Shared>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) lane: Lane,
    pub(crate) order: Arc<LaneOrder>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Handler {
    pub(crate) fn spawn(&self, delivery: Delivery, slot: SlotRequest) {
        let handler = self.clone();
        self.tasks.spawn(async move { handler.handle(delivery, slot).await });
    }

    async fn handle(&self, delivery: Delivery, slot: SlotRequest) {
        let decoded = decode::read(&delivery, &self.shared.settings);
        let key = decoded.as_ref().map_or_else(|bad| bad.key.as_ref(), |ok| Some(&ok.job.key));
        let (handling, job) = (delivery.handling.span().clone(), span(key, &delivery));
        handling.record("job.id", key.map(|key| tracing::field::display(&key.id)));
        let handle = async {
            let attempted = match decoded {
                Ok(decoded) => self.attempt(&delivery, decoded, slot).await,
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
        mut slot: SlotRequest,
    ) -> Option<Result<Attempted, Error>> {
        let (shared, stop) = (&self.shared, &self.stop);
        let order = RecoveryOrder::of(shared, &self.order, delivery);
        loop {
            // After a stop a place becomes free only when a POST ends, which takes too long.
            let Next::Start(place) = stop.run_until_cancelled(order.wait()).await?? else {
                return Some(Ok(Disposition::unrecorded(RetryDelay::OneSecond).into()));
            };
            let attempted = self.attempt_once(delivery, decoded.clone(), &slot).await;
            drop(place);
            match attempted {
                Err(error) if order.is_kept_after(&error) => {
                    tracing::debug!(message_id = %delivery.message.id, %error, "kept in hand");
                    self.intake.pause(error.to_string(), PauseReason::Backoff(BACKOFF));
                    stop.run_until_cancelled(shared.clock.sleep(BACKOFF)).await?;
                }
                Ok(Attempted::NoSlot { need }) if slot.if_full == IfFull::Wait => {
                    let priority = decoded.job.priority;
                    let called = self.intake.slots.wait(priority, need, slot);
                    match stop.run_until_cancelled(called).await? {
                        Some(called) => slot = called,
                        None => return Some(Ok(Attempted::NoSlot { need })),
                    }
                }
                attempted => return Some(attempted),
            }
        }
    }

    async fn attempt_once(
        &self,
        delivery: &Delivery,
        decoded: Decoded,
        slot: &SlotRequest,
    ) -> Result<Attempted, Error> {
        let Some(fence) = self.fence() else {
            return Ok(Disposition::unrecorded(RetryDelay::OneSecond).into());
        };
        let (shared, intake) = (&self.shared, &self.intake);
        // Boxed: it is large, and most of a lane's tasks only wait.
        Box::pin(Attempt::new(shared, intake, delivery, fence, decoded, slot).run()).await
    }

    async fn reject(&self, delivery: &Delivery, bad: job::BadJob) -> Result<Attempted, Error> {
        match self.fence() {
            Some(fence) => reject(&self.shared, &self.intake, delivery, fence, bad).await,
            None => Ok(Disposition::unrecorded(RetryDelay::OneSecond).into()),
        }
    }

    /// Read before the phase, so that it is of a generation that was open. `None`: the ledger is
    /// rebuilt and may not know a job or an id that it knew before.
    fn fence(&self) -> Option<Arc<Fence>> {
        let fence = self.shared.session.fence();
        if self.shared.is_rebuilding() {
            self.intake.pause(REBUILT, PauseReason::LedgerRebuild);
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
