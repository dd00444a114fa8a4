//! Messages that cannot be done: their bytes go to the dead letters, their id gets an answer.

use std::time::Duration;

use job::{BadJob, CloudEvent, EventKind, Reason, Record, RequestHash, State, Step};
use ports::{Created, Delivery, Destination, Fence, Stored, Swapped, journal_message};

use crate::ending::{Ending, Trouble};
use crate::settle::Settler;
use crate::shared::Shared;
use crate::told::Told;

/// A message without a readable identity is only kept; one with an identity is also recorded
/// and announced, unless that id already belongs to a job.
pub(crate) async fn park_bad(
    shared: &Shared,
    delivery: &Delivery,
    bad: BadJob,
) -> Result<Ending, Trouble> {
    let Some(key) = bad.key.clone() else {
        return Ok(Ending::Park(bad.reason));
    };
    let now = shared.clock.now();
    let mut record = Record::of_bad_job(&bad, key, &delivery.message.body, now);
    let told = Told::by(&delivery.message, now);
    if let Some(life) = told.life {
        record = record.in_life(life, "");
    }
    record.enqueued_at = told.enqueued_at;
    let why = bad.reason.to_string();
    record.state = State::Parked { why, doubt: None, at: now };
    let step = Step { record, effects: vec![job::Effect::Announce(EventKind::Parked)] };
    let settler = Settler { shared };
    let fence = shared.session.fence();
    match shared.ledger.create(&fence, settler.write(&step)).await? {
        Created::New => {
            settler.journal(&step.record).await?;
            Ok(Ending::Park(bad.reason))
        }
        Created::Exists(stored) => {
            exists(shared, &fence, *stored, &step.record.request_hash, bad).await
        }
    }
}

/// The id is taken: by this very message, delivered again, or by another job that stands.
async fn exists(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    hash: &RequestHash,
    bad: BadJob,
) -> Result<Ending, Trouble> {
    if matches!(bad.reason, Reason::DeliveredTooOften(_)) {
        return give_up(shared, fence, stored, bad.reason).await;
    }
    match stored.record.request_hash == *hash {
        // The first delivery may have died before it told the journal.
        true => {
            (Settler { shared }).journal(&stored.record).await?;
            Ok(Ending::Park(bad.reason))
        }
        false => conflict(shared, fence, stored, hash).await,
    }
}

/// A job that never gets anywhere is parked, if it still waits for its try.
async fn give_up(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    reason: Reason,
) -> Result<Ending, Trouble> {
    let fact = job::Fact::GivenUp { why: reason.to_string() };
    match stored.record.state {
        State::Queued { .. } => match (Settler { shared }).conclude(fence, stored, fact).await? {
            Ending::Park(_) => Ok(Ending::Park(reason)),
            other => Ok(other),
        },
        State::Parked { .. } => Ok(Ending::Park(reason)),
        // It is on its way or done: this message is one too many.
        _ => Settler { shared }.duplicate(&stored.record).await,
    }
}

/// The first stands untouched; the other is announced and kept among the dead letters.
pub(crate) async fn conflict(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    other: &RequestHash,
) -> Result<Ending, Trouble> {
    let now = shared.clock.now();
    let announcer = &shared.announcer;
    let event = CloudEvent::conflict(&stored.record, other, &announcer.source, now);
    let entry = announcer.entry(&stored.record, &event);
    // No record tells of it: a ledger that forgets what is to be said learns it from this line.
    let body = Some(entry.message.body.as_ref());
    let line = journal_message(&fence.generation, now, &stored.record, body);
    let write = announcer.write_with(stored.record, vec![entry], Duration::ZERO);
    match shared.ledger.swap(fence, stored.version, write).await? {
        Swapped::Done(_) => {
            shared.broker.publish(&Destination::Journal, line).await?;
            Ok(Ending::Park(Reason::Conflict))
        }
        Swapped::Stale(_) => Ok(Ending::elsewhere()),
    }
}
