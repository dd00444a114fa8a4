//! One delivery, from the moment it is taken to the moment it is settled.

use std::time::Duration;

use job::{JobKey, Reached, RetryDelay, trace_id};
use ports::{Delivery, header};
use tracing::{Instrument, Span};

use crate::desk::Desk;
use crate::ending::{Ending, Trouble};
use crate::gate::{Gate, Reopen};
use crate::intake::{self, Accepted};
use crate::parking;
use crate::shared::Shared;
use crate::slot_queue::{Otherwise, Try};
use crate::turn::{Come, Turn};
use crate::walk::Walk;

/// How long a lane rests when a store does not do its part.
const REST: Duration = Duration::from_millis(500);

pub(crate) async fn handle(desk: &Desk, delivery: Delivery, leave: Try) {
    let (shared, gate) = (&*desk.shared, &*desk.gate);
    let read = intake::read(&delivery, &shared.settings);
    let key = read.as_ref().map_or_else(|bad| bad.key.as_ref(), |accepted| Some(&accepted.job.key));
    let (handling, job) = (delivery.handling.span().clone(), span(key, &delivery));
    handling.record("job.id", key.map(|key| tracing::field::display(&key.id)));
    let handle = async {
        let ending = match read {
            Ok(accepted) => walk(desk, &delivery, accepted, leave).await,
            Err(bad) => Some(parking::reject(shared, gate, &delivery, *bad).await),
        };
        end(shared, gate, delivery, ending).await;
    };
    handle.instrument(job).instrument(handling).await;
}

async fn end(
    shared: &Shared,
    gate: &Gate,
    delivery: Delivery,
    ending: Option<Result<Ending, Trouble>>,
) {
    match ending {
        Some(Ok(ending)) => settle(shared, gate, delivery, ending).await,
        Some(Err(trouble)) => put_back(shared, gate, delivery, &trouble).await,
        None => put_back_unbegun(shared, delivery).await,
    }
}

/// Of the gravest level, so that whatever is logged inside tells about which job.
fn span(key: Option<&JobKey>, delivery: &Delivery) -> Span {
    let trace_id = delivery.message.get(header::TRACEPARENT).and_then(trace_id);
    tracing::error_span!("job", job = key.map(tracing::field::display), trace_id)
}

/// `None`: the worker stopped before it was this delivery's turn.
async fn walk(
    desk: &Desk,
    delivery: &Delivery,
    accepted: Accepted,
    mut leave: Try,
) -> Option<Result<Ending, Trouble>> {
    let Desk { shared, gate, queue, stop, .. } = desk;
    let turn = Turn::of(shared, queue, delivery);
    loop {
        // At a stop places become free only as POSTs end: nobody shall wait for those.
        let Come::Place(place) = stop.run_until_cancelled(turn.come()).await?? else {
            return Some(Ok(Ending::bounce(RetryDelay::OneSecond)));
        };
        // Large, and most of a lane's tasks only wait.
        let ending =
            Box::pin(Walk::new(shared, gate, delivery, accepted.clone(), &leave).go()).await;
        drop(place);
        match ending {
            Err(trouble) if turn.is_kept_after(&trouble) => {
                tracing::debug!(message_id = %delivery.message.id, %trouble, "kept in hand");
                gate.close(trouble.to_string(), Reopen::After(REST));
                stop.run_until_cancelled(shared.clock.sleep(REST)).await?;
            }
            Ok(Ending::Full { need }) if leave.otherwise == Otherwise::Waits => {
                let priority = accepted.job.priority;
                let called = stop.run_until_cancelled(gate.slots.wait(priority, need, leave));
                match called.await? {
                    Some(called) => leave = called,
                    None => return Some(Ok(Ending::bounce(RetryDelay::OneSecond))),
                }
            }
            ending => return Some(ending),
        }
    }
}

async fn settle(shared: &Shared, gate: &Gate, delivery: Delivery, ending: Ending) {
    let id = delivery.message.id.clone();
    let broker = shared.broker.as_ref();
    let settled = match ending {
        Ending::Ack => delivery.ack().await,
        Ending::Later(delay, reached) => delivery.later(broker, delay, reached).await,
        Ending::Full { .. } => {
            delivery.later(broker, RetryDelay::OneSecond, Reached::Nothing).await
        }
        Ending::Park(reason) => {
            tracing::warn!(message_id = %id, reason = reason.word(), "kept with the dead letters: {reason}");
            delivery.park(broker, &reason, shared.clock.now()).await
        }
    };
    if let Err(error) = settled {
        tracing::warn!(message_id = %id, %error, "not settled; it will be delivered again");
        // At once, if the broker is well but refuses: without a rest that would be a hot loop.
        if !error.is_about_message() {
            gate.close(error.to_string(), Reopen::After(REST));
        }
    }
}

/// A store is away: the lane rests, and the job waits on the ladder rather than in our hands. What
/// is wrong with this job alone makes no other wait.
async fn put_back(shared: &Shared, gate: &Gate, delivery: Delivery, trouble: &Trouble) {
    tracing::warn!(message_id = %delivery.message.id, %trouble, "put back for later");
    let delay = match trouble.is_of_one_job() {
        true => RetryDelay::TwoMinutes,
        false => {
            gate.close(trouble.to_string(), Reopen::After(REST));
            RetryDelay::OneSecond
        }
    };
    let delivery = match trouble.unsent() {
        Some(intent) => delivery.unsent(intent),
        None => delivery,
    };
    let later = delivery.later(shared.broker.as_ref(), delay, trouble.reached());
    if let Err(error) = later.await {
        tracing::debug!(%error, "a delivery comes back with its connection");
    }
}

/// At a stop. Given back in its place it would look as if it might have been sent.
pub(crate) async fn put_back_unbegun(shared: &Shared, delivery: Delivery) {
    let later = delivery.later(shared.broker.as_ref(), RetryDelay::OneSecond, Reached::Nothing);
    if let Err(error) = later.await {
        tracing::debug!(%error, "a delivery comes back with its connection");
    }
}
