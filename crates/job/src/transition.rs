#![allow(clippy::wildcard_enum_match_arm, reason = "a fact that is no move is refused by its name")]

mod doubt;
mod look;
mod moves;
mod parked;
mod queued;
mod spending;
mod submitting;
mod undecided;
mod waiting;
mod watched;

use self::spending::Reserved;
use crate::revision::next_revision;
use crate::{EventKind, Fact, Moment, Record, RetryDelay, Rules, Settled, State};

/// What the caller must do once the new record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Publish this event, through the outbox.
    Announce(EventKind),
    /// The slot at the provider is free. `unspent`: no task was created, so the submission is taken
    /// off the day's count.
    ReleasePermit { round: u32, unspent: bool },
    /// What is reserved for this round is not needed any more.
    SettleReservation { round: u32, settled: Settled },
    /// Publish the job message again, through the outbox, after the delay if there is one: the
    /// record waits for a delivery.
    Requeue { after: Option<RetryDelay> },
    /// It waits in the waiting room.
    Wait,
    /// It waits there no more.
    Withdraw,
}

/// A legal transition: the next record, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub record: Record,
    pub effects: Vec<Effect>,
}

/// A fact that cannot happen in this state: the caller read a stale record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state} cannot be {fact}")]
pub struct Illegal {
    pub state: &'static str,
    pub fact: &'static str,
}

/// The state machine: for each state and fact a step, or an error that names both.
pub fn transition(
    record: Record,
    fact: Fact,
    at: Moment,
    rules: &Rules,
) -> Result<Step, Box<Illegal>> {
    let revision = next_revision(record.revision, at.now);
    // Neither shows whether it was sent after its last journal line.
    let shows_nothing = matches!(fact, Fact::CancelRequested | Fact::NoSlot { .. });
    let stays_restored = record.restored && shows_nothing;
    let reserved = Reserved::of(&record, &fact);
    let mut step = moved(record, fact, at, rules)?;
    if let Some(reserved) = reserved {
        reserved.settle(&mut step);
    }
    step.record.revision = revision;
    step.record.forget_other_accounts();
    step.record.restored = stays_restored && !step.record.state.is_final();
    Ok(step)
}

fn moved(record: Record, fact: Fact, at: Moment, rules: &Rules) -> Result<Step, Box<Illegal>> {
    let state = record.state.clone();
    let mv = Move { record, at, rules, effects: Vec::new() };
    match (state, fact) {
        (_, Fact::Strayed { task_id }) => Ok(mv.strayed(task_id)),
        (State::Tombstone, fact) => mv.of_tombstone(fact),
        (State::Queued { .. }, fact) => mv.of_queued(fact),
        (State::Waiting { since, .. }, fact) => mv.of_waiting(since, fact),
        (State::Submitting { post_deadline, .. }, fact) => mv.of_submitting(post_deadline, fact),
        (State::InDoubt { doubt }, fact) => mv.of_doubt(doubt, fact),
        (State::Pending { status, looks, .. }, fact) => mv.of_pending(status, looks, fact),
        (State::Parked { why, doubt: Some(doubt), .. }, fact) => {
            mv.of_parked_doubt(&why, doubt, fact)
        }
        (State::Parked { why, doubt: None, .. }, fact) => mv.of_parked(&why, fact),
        (State::Settled { .. }, fact) => mv.of_ended(fact),
    }
}

/// A transition in progress.
struct Move<'a> {
    record: Record,
    at: Moment,
    rules: &'a Rules,
    effects: Vec<Effect>,
}

/// The step, or why there is none.
type Moved = Result<Step, Box<Illegal>>;
