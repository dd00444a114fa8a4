//! Claims due records and queries each, up to the allowed number at once.

use std::sync::Arc;
use std::time::Duration;

use job::{Fact, Record, State, waiting_look};
use kling::Task;
use ports::{Claimed, Fence, Stored, Witness};
use recorder::Phase;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

use crate::accounts::Accounts;
use crate::recording::{Error, record};
use crate::settings::LookUpBy;
use crate::shared::Shared;
use crate::{ask, inquiry, look, shared_witnesses, trace};

/// Wait after the ledger did not answer.
const TROUBLE: Duration = Duration::from_secs(1);

/// After this, other pollers may claim the record. Longer than a query may take; a job that several
/// accounts may have needs more of them, and may be looked at by two pollers.
const LEASE: Duration = Duration::from_secs(10);

pub(crate) async fn run(accounts: Arc<Accounts>, stop: CancellationToken, tasks: TaskTracker) {
    let shared = accounts.first();
    while !stop.is_cancelled() {
        // Until the ledger is rebuilt, its records may be outdated.
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.session.reached(Phase::Closed) => {}
        }
        let Some(free) = places(shared, &stop).await else {
            return;
        };
        let limit = free.min(shared.settings.batch);
        let fence = shared.session.fence();
        let claimed = claim(shared, &fence, limit).await;
        let wait = match claimed.items.len() < limit {
            true => rest(&claimed, shared.settings.sweep),
            false => Duration::ZERO,
        };
        let sweep = trace::sweep(&claimed.items, claimed.now);
        let named = sweep.in_scope(|| shared.settings.spans.traceparent());
        for stored in claimed.items {
            let Ok(place) = shared.looking.clone().acquire_owned().await else {
                return;
            };
            let (accounts, fence, named) = (accounts.clone(), fence.clone(), named.clone());
            tasks.spawn(async move {
                let span = span(&stored.record);
                visit(&accounts, &fence, stored, named.as_deref()).instrument(span).await;
                drop(place);
            });
        }
        drop(sweep);
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep(wait) => {}
        }
    }
}

/// Waits until a quarter of the places is free, so that a claim is worth its round trip.
async fn places(shared: &Shared, stop: &CancellationToken) -> Option<usize> {
    let worth = u32::try_from(shared.settings.concurrency / 4).unwrap_or(u32::MAX).max(1);
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        places = shared.looking.acquire_many(worth) => places.ok().map(drop),
    }?;
    Some(shared.looking.available_permits().max(1))
}

async fn claim(shared: &Shared, fence: &Fence, limit: usize) -> Claimed<Stored> {
    match shared.ledger.claim_due(fence, limit, LEASE).await {
        Ok(claimed) => claimed,
        Err(error) => {
            tracing::warn!(%error, "due records could not be claimed");
            shared.clock.sleep(TROUBLE).await;
            Claimed { items: Vec::new(), now: shared.clock.now(), next: None }
        }
    }
}

/// Until the next record is due, at most `sweep`: other processes add records.
fn rest<T>(claimed: &Claimed<T>, sweep: Duration) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(5);
    let until_next = claimed.next.map_or(sweep, |next| next.since(claimed.now));
    until_next.clamp(SHORTEST, sweep.max(SHORTEST))
}

/// At level error, so that no filter removes it: each log line inside names the job.
pub(crate) fn span(record: &Record) -> Span {
    let (task, trace_id) = (record.task_id.as_deref(), record.trace_id());
    tracing::error_span!("job", job = %record.key, task, trace_id)
}

/// Writes with the fence of the claim: another generation may have another version of it.
async fn visit(accounts: &Accounts, fence: &Fence, mut stored: Stored, sweep: Option<&str>) {
    let Some(fact) = fact(accounts, &mut stored).await else {
        return;
    };
    let shared = accounts.of(&stored.record.account);
    // Looked at only when the ledger is open: it knows whether the job was sent.
    stored.record.restored &= !matches!(stored.record.state, State::Waiting { .. });
    match record(shared, fence, stored, fact, sweep).await {
        Ok(()) => {}
        Err(Error::Illegal(illegal)) => {
            tracing::error!(%illegal, "a look said something that cannot be");
        }
        Err(error) => tracing::warn!(%error, "not settled yet"),
    }
}

/// `None`: there is no fact; after its claim has ended, the record is claimed again.
async fn fact(accounts: &Accounts, stored: &mut Stored) -> Option<Fact> {
    let record = &mut stored.record;
    let shared = accounts.of(&record.account);
    match &record.state {
        State::Pending { .. } => Some(look(shared, record).await),
        State::InDoubt { .. } => inquire(accounts, record).await,
        State::Submitting { .. } if record.is_orphaned(stored.owner_alive, shared.clock.now()) => {
            Some(Fact::OwnerLost { cause: "the worker that was submitting it is gone".to_owned() })
        }
        // Before that, the journal may show that it was sent.
        State::Waiting { .. } if shared.session.phase() == Phase::Open => {
            Some(waiting_look(record, &shared.settings.account, shared.clock.now()))
        }
        State::Waiting { .. }
        | State::Submitting { .. }
        | State::Tombstone
        | State::Queued { .. }
        | State::Settled { .. }
        | State::Parked { .. } => None,
    }
}

async fn look(shared: &Shared, record: &Record) -> Fact {
    let task_id = record.task_id.as_deref().unwrap_or_default();
    let answer = ask::for_task(shared, record, task_id).await;
    if let Ok(task) = &answer {
        see(shared, record, task).await;
    }
    match &answer {
        Err(error) => tracing::debug!(%error, "a look told nothing"),
        Ok(task) if task.outputs_left_out > 0 => {
            let (files, left_out) = (task.outputs.len(), task.outputs_left_out);
            tracing::warn!(files, left_out, "files without an address are left out of the result");
        }
        Ok(_) => {}
    }
    look::read(answer, shared.clock.now())
}

/// A task that an operator attached may have another external id: then it is no witness.
async fn see(shared: &Shared, record: &Record, task: &Task) {
    let external_id = record.external_id.clone();
    let other = task.external_task_id.as_ref().is_some_and(|id| id != external_id.as_str());
    let (Ok(route), false) = (ask::route(shared, record), other) else { return };
    if shared.settings.look_up != LookUpBy::None {
        let (operation, seen_at) = (record.operation.clone(), shared.clock.now());
        let task_id = record.task_id.clone().unwrap_or_default();
        shared_witnesses::see(shared, route, Witness { operation, task_id, external_id, seen_at })
            .await;
    }
}

async fn inquire(accounts: &Accounts, record: &mut Record) -> Option<Fact> {
    match inquiry::inquire(accounts, record).await {
        Ok(fact) => Some(fact),
        Err(error) => {
            tracing::warn!(%error, "the doubt is looked into later");
            None
        }
    }
}
