//! Messages that cannot be done: their bytes go to the dead letters, their id gets an answer.

use std::time::Duration;

use job::{
    BadJob, CloudEvent, Effect, EventKind, Fact, Job, Priority, Problem, Reason, Record, Rung,
    State, Step, StoredHash,
};
use ports::{
    Created, Delivery, Destination, Fence, Phase, Stored, Swapped, journal_message, whole,
};

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
        return Ok(Ending::bounce(Rung::OneSecond));
    }
    let step = rejection(shared, delivery, &bad);
    let settler = Settler { shared };
    let fence = shared.session.fence();
    match shared.ledger.create(&fence, settler.write(&step)?).await? {
        Created::New => {
            settler.journal(&step.record).await?;
            Ok(Ending::Park(bad.reason))
        }
        Created::Exists(stored) if stored.record.was_a_job() => {
            beside(shared, gate, delivery, *stored, bad).await
        }
        Created::Exists(stored) => reject_again(shared, &fence, delivery, *stored, bad).await,
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
        let history = there.history.clone();
        let record =
            Record { state: State::Tombstone, revision: there.revision, history, ..record };
        return settler.conclude(fence, Stored { record, ..stored }, Fact::CancelRequested).await;
    }
    // The first delivery may have died before it told the journal.
    if !there.leaves_its_id() || there.is_of_message(&delivery.message.body) {
        settler.journal(there).await?;
        return Ok(Ending::Park(bad.reason));
    }
    let installation = &shared.settings.rules.installation;
    let step = Step { record: record.after(there, installation, shared.clock.now()), effects };
    match shared.ledger.swap(fence, stored.version, settler.write(&step)?).await? {
        Swapped::Done(_) => {
            settler.journal(&step.record).await?;
            Ok(Ending::Park(bad.reason))
        }
        Swapped::Stale(_) => Ok(Ending::elsewhere()),
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
    let ledger = shared.ledger.as_ref();
    let Some(record) = whole(ledger, stored.version, stored.record).await? else {
        return Ok(Ending::elsewhere());
    };
    let now = shared.clock.now();
    let announcer = &shared.announcer;
    let error = told_as_conflict(&reason);
    let event = CloudEvent::conflict(&record, other, error, &announcer.source, now);
    let entry = announcer.entry(&record, &event);
    // No record tells of it: a ledger that forgets what is to be said learns it from this line.
    let body = Some(entry.message.body.as_ref());
    let line = journal_message(&fence.generation, now, &record, body)?;
    let write = announcer.write_with(record, vec![entry], Duration::ZERO);
    match shared.ledger.swap(fence, stored.version, write).await? {
        Swapped::Done(_) => {
            shared.broker.publish(&Destination::Journal, line).await?;
            Ok(Ending::Park(reason))
        }
        Swapped::Stale(_) => Ok(Ending::elsewhere()),
    }
}

/// Whatever came second, the first stands.
fn told_as_conflict(reason: &Reason) -> Problem {
    let problem = Reason::Conflict.problem();
    match reason {
        Reason::Conflict => problem,
        reason => Problem {
            message: format!("a message under the same id is no job: the first stands ({reason})"),
            field: reason.problem().field,
            ..problem
        },
    }
}
