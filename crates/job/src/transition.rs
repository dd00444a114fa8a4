#![allow(clippy::wildcard_enum_match_arm, reason = "a fact that is no move is refused by its name")]

mod doubt;
mod look;
mod moves;
mod parked;
mod queued;
mod submitting;
mod undecided;
mod watched;

use crate::revision::next_revision;
use crate::{EventKind, Fact, Moment, Record, RetryDelay, Rules, State};

/// What the shell must do once the new record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Say it, through the outbox.
    Announce(EventKind),
    /// The slot at the provider is free. `unspent`: nothing was created, so the day's brake
    /// gets its submission back.
    ReleasePermit { round: u32, unspent: bool },
    /// Publish the job message again, through the outbox: the record waits for a delivery. Not
    /// before the wait is over, if there is one.
    Requeue { after: Option<RetryDelay> },
}

/// A legal move: the next record, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub record: Record,
    pub effects: Vec<Effect>,
}

/// A fact that cannot happen in this state: the caller read something stale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state} cannot be {fact}")]
pub struct Illegal {
    pub state: &'static str,
    pub fact: &'static str,
}

/// The whole life of a job: every state and fact is either a move or a named illegal one.
pub fn transition(
    record: Record,
    fact: Fact,
    at: Moment,
    rules: &Rules,
) -> Result<Step, Box<Illegal>> {
    let revision = next_revision(record.revision, at.now);
    let only_asked = record.restored && fact == Fact::CancelRequested;
    let mut step = moved(record, fact, at, rules)?;
    step.record.revision = revision;
    step.record.restored = only_asked && !step.record.state.is_final();
    Ok(step)
}

fn moved(record: Record, fact: Fact, at: Moment, rules: &Rules) -> Result<Step, Box<Illegal>> {
    let state = record.state.clone();
    let mv = Move { record, at, rules, effects: Vec::new() };
    match (state, fact) {
        (_, Fact::Strayed { task_id }) => Ok(mv.strayed(task_id)),
        (State::Tombstone, fact) => mv.of_tombstone(fact),
        (State::Queued { .. }, fact) => mv.of_queued(fact),
        (State::Submitting { post_deadline, .. }, fact) => mv.of_submitting(post_deadline, fact),
        (State::InDoubt { doubt }, fact) => mv.of_doubt(doubt, fact),
        (State::Pending { status, looks, .. }, fact) => mv.of_pending(status, looks, fact),
        (State::Parked { why, doubt: Some(doubt), .. }, fact) => {
            mv.of_parked_doubt(&why, doubt, fact)
        }
        (State::Parked { why, doubt: None, .. }, fact) => mv.of_parked(&why, fact),
        (State::Settled { .. }, fact) => mv.of_settled(fact),
    }
}

/// A move under way.
struct Move<'a> {
    record: Record,
    at: Moment,
    rules: &'a Rules,
    effects: Vec<Effect>,
}

/// Whether a move is legal.
type Moved = Result<Step, Box<Illegal>>;
