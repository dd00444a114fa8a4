//! Messages that are rejected: they go to the dead letters, and their id gets a record and an event.

use job::{
    BadJob, CloudEvent, Disposition, Effect, EventKind, Fact, Problem, Reason, Record, State, Step,
};
use ports::{Delivery, Fence, Stored};
use recorder::{Applied, Plan};

use crate::error::Error;
use crate::origin::Origin;
use crate::shared::Shared;

/// What became of a message that cannot be done.
pub(crate) enum Rejection {
    Done(Disposition),
    /// Nothing yet: its id belongs to this job.
    KnownJob(Box<Stored>, Box<BadJob>),
}

pub(crate) async fn reject(
    shared: &Shared,
    fence: &Fence,
    delivery: &Delivery,
    bad: BadJob,
) -> Result<Rejection, Error> {
    let plan = Plan::of(rejection(shared, delivery, &bad));
    let done = match shared.recorder.create(fence, plan).await? {
        Applied::Changed(Some(stored)) if stored.record.was_a_job() => {
            return Ok(Rejection::KnownJob(stored, Box::new(bad)));
        }
        Applied::Changed(Some(stored)) => {
            reject_again(shared, fence, delivery, *stored, bad).await?
        }
        applied @ (Applied::Done(_) | Applied::Changed(None) | Applied::Illegal(_)) => {
            parked(applied, bad.reason)?
        }
    };
    Ok(Rejection::Done(done))
}

fn rejection(shared: &Shared, delivery: &Delivery, bad: &BadJob) -> Step {
    let (message, now) = (&delivery.message, shared.clock.now());
    let key = bad.record_key(&message.id, &message.body);
    let mut record = Record::rejected(bad, key, &message.body, now);
    let origin = Origin::of(message, now);
    if let Some(life) = origin.life {
        record = record.in_life(life, "");
    }
    record.enqueued_at = origin.enqueued_at;
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
) -> Result<Disposition, Error> {
    let there = &stored.record;
    let Step { record, effects } = rejection(shared, delivery, &bad);
    if matches!(there.state, State::Tombstone) {
        let record = record.cancelled_ahead(there);
        return shared.apply(fence, Stored { record, ..stored }, Fact::CancelRequested).await;
    }
    // The worker of the first delivery may have died before it wrote to the journal.
    if !there.leaves_its_id() || there.is_of_message(&delivery.message.body) {
        shared.recorder.journal(there).await?;
        return Ok(Disposition::Park(bad.reason));
    }
    let installation = &shared.settings.rules.installation;
    let step = Step { record: record.after(there, installation, shared.clock.now()), effects };
    parked(shared.recorder.swap(fence, stored.version, Plan::of(step)).await?, bad.reason)
}

/// The job that came first stays as it is; the other message is announced and parked.
pub(crate) async fn conflict(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    other: &str,
    reason: Reason,
) -> Result<Disposition, Error> {
    let error = conflict_problem(&reason);
    let (source, now) = (shared.recorder.writer().source(), shared.clock.now());
    let event = |record: &Record| CloudEvent::conflict(record, other, error, source, now);
    parked(shared.recorder.announce_beside(fence, stored, event).await?, reason)
}

fn parked(applied: Applied, reason: Reason) -> Result<Disposition, Error> {
    match applied {
        Applied::Done(_) => Ok(Disposition::Park(reason)),
        Applied::Changed(_) => Ok(Disposition::elsewhere()),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}

/// Why the second message was not done, which may not even be a job.
fn conflict_problem(reason: &Reason) -> Problem {
    let problem = Reason::Conflict.problem();
    if *reason == Reason::Conflict {
        return problem;
    }
    let message = format!("a message under the same id is no job: the first stands ({reason})");
    Problem { message, field: reason.problem().field, ..problem }
}
