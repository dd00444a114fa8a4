//! Claims what is due and looks at each, as many at once as allowed.

use std::sync::Arc;
use std::time::Duration;

use job::{Fact, State};
use kling::{QueryError, Route};
use ports::{Claimed, Pause, Phase, Stored};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::settle::{Trouble, settle};
use crate::shared::Shared;
use crate::{doubt, look};

/// Later than this an owner that lives has forgotten the job: a lost answer, a panic.
const OVERDUE: Duration = Duration::from_secs(5);

/// After a ledger that could not be asked.
const TROUBLE: Duration = Duration::from_secs(1);

/// Others may look after this; longer than a look may take.
const LEASE: Duration = Duration::from_secs(10);

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken, tasks: TaskTracker) {
    while !stop.is_cancelled() {
        // What a ledger holds before it is rebuilt may be old news.
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.session.reached(Phase::Closed) => {}
        }
        let Some(free) = places(&shared, &stop).await else {
            return;
        };
        let limit = free.min(shared.settings.batch);
        let claimed = claim(&shared, limit).await;
        let wait = match claimed.items.len() < limit {
            true => rest(&claimed, shared.settings.sweep),
            false => Duration::ZERO,
        };
        for stored in claimed.items {
            let Ok(place) = shared.looking.clone().acquire_owned().await else {
                return;
            };
            let shared = shared.clone();
            tasks.spawn(async move {
                visit(&shared, stored).await;
                drop(place);
            });
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep(wait) => {}
        }
    }
}

/// Waits until a good part of the places is free, so that a claim is worth its round trip.
async fn places(shared: &Shared, stop: &CancellationToken) -> Option<usize> {
    let worth = u32::try_from(shared.settings.concurrency / 4).unwrap_or(u32::MAX).max(1);
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        places = shared.looking.acquire_many(worth) => places.ok().map(drop),
    }?;
    Some(shared.looking.available_permits().max(1))
}

async fn claim(shared: &Shared, limit: usize) -> Claimed<Stored> {
    let fence = shared.session.fence();
    match shared.ledger.claim_due(&fence, limit, LEASE).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "due records could not be claimed");
            shared.clock.sleep(TROUBLE).await;
            Claimed { items: Vec::new(), now: shared.clock.now(), next: None }
        }
    }
}

/// Until the next record is due, and never longer than the sweep: others add to the set.
fn rest<T>(claimed: &Claimed<T>, sweep: Duration) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(5);
    let until_next = claimed.next.map_or(sweep, |next| next.since(claimed.now));
    until_next.clamp(SHORTEST, sweep.max(SHORTEST))
}

async fn visit(shared: &Shared, stored: Stored) {
    let key = stored.record.key.clone();
    let Some(fact) = fact(shared, &stored).await else {
        return;
    };
    match settle(shared, stored, fact).await {
        Ok(()) => {}
        Err(Trouble::Illegal(illegal)) => {
            tracing::error!(job = %key, %illegal, "a look said something that cannot be");
        }
        Err(trouble) => tracing::warn!(job = %key, %trouble, "not settled yet"),
    }
}

/// `None` when there is nothing to say: the claim ends by itself and somebody looks again.
async fn fact(shared: &Shared, stored: &Stored) -> Option<Fact> {
    let record = &stored.record;
    match &record.state {
        State::Pending { status, .. } => {
            let answer = ask(shared, stored).await;
            rest_account(shared, answer.as_ref().err()).await;
            Some(look::read(answer, status, shared.clock.now()))
        }
        State::InDoubt { .. } => Some(look_up(shared, stored).await),
        State::Submitting { post_deadline, .. }
            if stored.owner_alive && shared.clock.now() < *post_deadline + OVERDUE =>
        {
            None
        }
        State::Submitting { .. } => {
            Some(Fact::OwnerLost { cause: "the worker that was submitting it is gone".to_owned() })
        }
        State::Tombstone | State::Queued { .. } | State::Settled { .. } | State::Parked { .. } => {
            None
        }
    }
}

async fn ask(shared: &Shared, stored: &Stored) -> Result<kling::Task, QueryError> {
    let route = route(shared, stored)?;
    let task_id = stored.record.task_id.as_deref().unwrap_or_default();
    in_time(shared, shared.kling.query(route, task_id)).await
}

async fn look_up(shared: &Shared, stored: &Stored) -> Fact {
    let Some(form) = shared.settings.look_up else {
        return Fact::GivenUp { why: "no look-up by external id is configured".to_owned() };
    };
    let answer = match route(shared, stored) {
        Ok(route) => {
            let external_id = stored.record.external_id.as_str();
            in_time(shared, shared.kling.look_up(route, external_id, form)).await
        }
        Err(error) => Err(error),
    };
    rest_account(shared, answer.as_ref().err()).await;
    doubt::read(&stored.record, answer)
}

/// A task can only be asked about with the account it was submitted with.
fn route(shared: &Shared, stored: &Stored) -> Result<Route, QueryError> {
    let record = &stored.record;
    if record.account != shared.settings.account {
        let cause = format!("the task belongs to the account \"{}\"", record.account);
        return Err(QueryError::Later { cause });
    }
    Route::parse(record.operation.as_str()).ok_or_else(|| QueryError::Later {
        cause: format!("this version does not know the operation \"{}\"", record.operation),
    })
}

async fn in_time<T>(
    shared: &Shared,
    look: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, QueryError> {
    tokio::select! {
        biased;
        answer = look => answer,
        () = shared.clock.sleep(shared.settings.look_timeout) => {
            Err(QueryError::Later { cause: "no answer in time".to_owned() })
        }
    }
}

async fn rest_account(shared: &Shared, error: Option<&QueryError>) {
    let Some(QueryError::Account { message, .. }) = error else {
        return;
    };
    let now = shared.clock.now();
    let reason = format!("the account is refused: {message}");
    let pause = Pause { reason, since: now, until: now + shared.settings.account_rest };
    if let Err(error) = shared.ledger.pause(&shared.settings.account, &pause).await {
        tracing::warn!(%error, "the account's pause was not recorded");
    }
}
