//! Messages that cannot be done: their bytes go to the dead letters, their id gets an answer.

use job::{
    BadJob, CloudEvent, Effect, EventKind, Fact, Job, Priority, Problem, Reason, Record,
    RetryDelay, State, Step, StoredHash,
};
use ports::{Delivery, Fence, Stored};
use recorder::{Applied, Phase, Plan};

use crate::ending::{Ending, Trouble};
use crate::gate::{Gate, Reopen};
use crate::gatekeeper::REBUILT;
use crate::intake::Accepted;
use crate::settle::Settler;
use crate::shared::Shared;
use crate::slot_queue::Try;
use crate::told::Told;
use crate::walk::Walk;

/// Recorded and announced as rejected, unless its id belongs to a job: that one stands.
pub(crate) async fn reject(
    shared: &Shared,
    gate: &Gate,
    delivery: &Delivery,
    bad: BadJob,
) -> Result<Ending, Trouble> {
    // Until then its id may be known, under which another event was announced.
    if shared.session.phase() < Phase::Recalling {
        gate.close(REBUILT, Reopen::WhenRebuilt);
        return Ok(Ending::bounce(RetryDelay::OneSecond));
    }
    let plan = Plan::of(rejection(shared, delivery, &bad));
    let fence = shared.session.fence();
    match shared.recorder.create(&fence, plan).await? {
        Applied::Done(_) => Ok(Ending::Park(bad.reason)),
        Applied::Changed(Some(stored)) if stored.record.was_a_job() => {
            beside(shared, gate, delivery, *stored, bad).await
        }
        Applied::Changed(Some(stored)) => {
            reject_again(shared, &fence, delivery, *stored, bad).await
        }
        Applied::Changed(None) => Ok(Ending::elsewhere()),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}

fn rejection(shared: &Shared, delivery: &Delivery, bad: &BadJob) -> Step {
    let (message, now) = (&delivery.message, shared.clock.now());
    let key = bad.record_key(&message.id, &message.body);
    let mut record = Record::rejected(bad, key, &message.body, now);
    let told = Told::by(message, now);
    if let Some(life) = told.life {
        record = record.in_life(life, "");
    }
    record.enqueued_at = told.enqueued_at;
    let trace = message.trace_context();
    (record.traceparent, record.tracestate) = (trace.traceparent, trace.tracestate);
    Step { record, effects: vec![Effect::Announce(EventKind::Rejected)] }
}

/// The id was used before, and never by a job.
pub(crate) async fn reject_again(
    shared: &Shared,
    fence: &Fence,
    delivery: &Delivery,
    stored: Stored,
    bad: BadJob,
) -> Result<Ending, Trouble> {
    let settler = Settler { shared };
    let there = &stored.record;
    let Step { record, effects } = rejection(shared, delivery, &bad);
    if matches!(there.state, State::Tombstone) {
        let record = record.cancelled_ahead(there);
        return settler.conclude(fence, Stored { record, ..stored }, Fact::CancelRequested).await;
    }
    // The first delivery may have died before it told the journal.
    if !there.leaves_its_id() || there.is_of_message(&delivery.message.body) {
        shared.recorder.journal(there).await?;
        return Ok(Ending::Park(bad.reason));
    }
    let installation = &shared.settings.rules.installation;
    let step = Step { record: record.after(there, installation, shared.clock.now()), effects };
    match shared.recorder.swap(fence, stored.version, Plan::of(step)).await? {
        Applied::Done(_) => Ok(Ending::Park(bad.reason)),
        Applied::Changed(_) => Ok(Ending::elsewhere()),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}

/// The id is a job's. By its request the message is that job's own, and is decided as that job.
async fn beside(
    shared: &Shared,
    gate: &Gate,
    delivery: &Delivery,
    stored: Stored,
    bad: BadJob,
) -> Result<Ending, Trouble> {
    let same = bad.request.as_ref().filter(|request| stored.record.is_of(&request.hash()));
    if let Some(request) = same {
        let record = &stored.record;
        let job = Job {
            key: record.key.clone(),
            operation: record.operation.clone(),
            request: request.clone(),
            priority: Priority::default(),
            deadline: record.deadline,
            metadata: record.metadata.clone(),
            retries: record.retries,
        };
        let accepted = Accepted { job, fit: Err(bad.reason) };
        // Unfit here, it asks for no slot.
        let leave = Try::unwatched();
        return Box::pin(Walk::new(shared, gate, delivery, accepted, &leave).go()).await;
    }
    let hash = StoredHash::of_message(&delivery.message.body);
    let fence = shared.session.fence();
    conflict(shared, &fence, stored, hash.as_str(), bad.reason).await
}

/// The first stands untouched; the other is announced and kept among the dead letters.
pub(crate) async fn conflict(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    other: &str,
    reason: Reason,
) -> Result<Ending, Trouble> {
    let error = told_as_conflict(&reason);
    let (source, now) = (shared.recorder.writer().source(), shared.clock.now());
    let event = |record: &Record| CloudEvent::conflict(record, other, error, source, now);
    match shared.recorder.announce_beside(fence, stored, event).await? {
        Applied::Done(_) => Ok(Ending::Park(reason)),
        Applied::Changed(_) => Ok(Ending::elsewhere()),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}

/// Whatever came second, the first stands.
fn told_as_conflict(reason: &Reason) -> Problem {
    let problem = Reason::Conflict.problem();
    if *reason == Reason::Conflict {
        return problem;
    }
    let message = format!("a message under the same id is no job: the first stands ({reason})");
    Problem { message, field: reason.problem().field, ..problem }
}
