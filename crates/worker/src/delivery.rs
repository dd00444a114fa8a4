//! One delivery, from the moment it is taken to the moment it is settled.

use std::time::Duration;

use job::{JobKey, Rung, trace_id};
use ports::{Delivery, header};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::ending::{Ending, Trouble};
use crate::gate::{Gate, Reopen};
use crate::intake::{self, Accepted};
use crate::parking;
use crate::shared::Shared;
use crate::turn::Turn;
use crate::walk::Walk;

/// How long a lane rests when a store does not do its part.
const REST: Duration = Duration::from_millis(500);

pub(crate) async fn handle(
    shared: &Shared,
    gate: &Gate,
    queue: &Mutex<()>,
    delivery: Delivery,
    stop: &CancellationToken,
) {
    let read = intake::read(&delivery, &shared.settings);
    let key = read.as_ref().map_or_else(|bad| bad.key.as_ref(), |accepted| Some(&accepted.job.key));
    let (handling, job) = (delivery.handling.span().clone(), span(key, &delivery));
    handling.record("job.id", key.map(|key| tracing::field::display(&key.id)));
    let handle = async {
        let ending = match read {
            Ok(accepted) => walk(shared, gate, queue, &delivery, accepted, stop).await,
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
        None => requeue(delivery).await,
    }
}

/// Of the gravest level, so that whatever is logged inside tells about which job.
fn span(key: Option<&JobKey>, delivery: &Delivery) -> Span {
    let trace_id = delivery.message.get(header::TRACEPARENT).and_then(trace_id);
    tracing::error_span!("job", job = key.map(tracing::field::display), trace_id)
}

/// `None`: the worker stopped before it was this delivery's turn.
async fn walk(
    shared: &Shared,
    gate: &Gate,
    queue: &Mutex<()>,
    delivery: &Delivery,
    accepted: Accepted,
    stop: &CancellationToken,
) -> Option<Result<Ending, Trouble>> {
    let turn = Turn::of(shared, queue, delivery);
    loop {
        // At a stop places become free only as POSTs end: nobody shall wait for those.
        let place = stop.run_until_cancelled(turn.come()).await??;
        // Large, and most of a lane's tasks only wait.
        let ending = Box::pin(Walk::new(shared, gate, delivery, accepted.clone()).go()).await;
        drop(place);
        match ending {
            Err(trouble) if turn.is_kept_after(&trouble) => {
                tracing::debug!(message_id = %delivery.message.id, %trouble, "kept in hand");
                gate.close(trouble.to_string(), Reopen::After(REST));
                stop.run_until_cancelled(shared.clock.sleep(REST)).await?;
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
        Ending::Later(rung, reached) => delivery.later(broker, rung, reached).await,
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
    let rung = match trouble.is_of_one_job() {
        true => Rung::TwoMinutes,
        false => {
            gate.close(trouble.to_string(), Reopen::After(REST));
            Rung::OneSecond
        }
    };
    let delivery = match trouble.unsent() {
        Some(intent) => delivery.unsent(intent),
        None => delivery,
    };
    let later = delivery.later(shared.broker.as_ref(), rung, trouble.reached());
    if let Err(error) = later.await {
        tracing::debug!(%error, "a delivery comes back with its connection");
    }
}

pub(crate) async fn requeue(delivery: Delivery) {
    if let Err(error) = delivery.requeue().await {
        tracing::debug!(%error, "a delivery comes back with its connection");
    }
}
