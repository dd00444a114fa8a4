//! A fact about a claimed record goes into the ledger, and what follows from it out.

use std::time::Duration;

use job::{Effect, Fact, Illegal, State, StateKind, Step, transition};
use ports::{
    Destination, Fence, LedgerError, PermitReturn, PublishError, Stored, Swapped, journal_message,
    whole,
};
use tracing::Instrument;

use crate::announce::{From, announce};
use crate::marks::Mark;
use crate::shared::Shared;
use crate::trace;

/// How long the poller that settled a job keeps its announcement to itself.
const OWN_ANNOUNCEMENT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("announced later: {0}")]
    Broker(#[from] PublishError),
    #[error(transparent)]
    Illegal(#[from] Box<Illegal>),
}

/// Whoever wrote in between has the newer knowledge: then this look was for nothing.
pub(crate) async fn settle(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    fact: Fact,
    sweep: Option<&str>,
) -> Result<(), Trouble> {
    let was = stored.record.state.kind();
    let step = transition(stored.record, fact, shared.clock.moment(), &shared.settings.rules)?;
    let span = trace::completion(&step, was, sweep);
    apply(shared, fence, stored.version, step, was).instrument(span).await
}

/// A look that tells nothing new leaves the request where it is; what is said of the job, or is
/// published again, takes it along. `None`: the record has changed since.
async fn in_hand(
    shared: &Shared,
    version: u64,
    step: Step,
    was: StateKind,
) -> Result<Option<Step>, LedgerError> {
    let says = |effect: &Effect| !matches!(effect, Effect::ReleasePermit { .. });
    if step.record.state.kind() == was && !step.effects.iter().any(says) {
        return Ok(Some(step));
    }
    let record = whole(shared.ledger.as_ref(), version, step.record).await?;
    Ok(record.map(|record| Step { record, effects: step.effects }))
}

async fn apply(
    shared: &Shared,
    fence: &Fence,
    version: u64,
    step: Step,
    was: StateKind,
) -> Result<(), Trouble> {
    let Some(step) = in_hand(shared, version, step, was).await? else {
        return Ok(());
    };
    let write = shared.announcer.write(&step, shared.clock.now(), OWN_ANNOUNCEMENT)?;
    let outbox = write.outbox.clone();
    match shared.ledger.swap(fence, version, write).await? {
        Swapped::Done(_) => {}
        Swapped::Stale(_) => return Ok(()),
    }
    tell(&step, was);
    release(shared, &step).await;
    if outbox.is_empty() {
        return journal_change(shared, &step, was).await;
    }
    for entry in outbox {
        announce(shared, entry, Some(&step.record), From::Look).await?;
    }
    Ok(())
}

/// One line per change of state; a task that merely goes on is not news.
fn tell(step: &Step, was: StateKind) {
    let record = &step.record;
    let is = record.state.kind();
    if is != was {
        let (was, is) = (was.word(), is.word());
        tracing::info!(name: "kling.status_changed", from = was, to = is);
        let what = record.history.last().map_or("", |entry| entry.what.as_str());
        let task = record.task_id.as_deref();
        tracing::info!(state = is, was, round = record.round, task, "{what}");
    }
}

async fn journal_change(shared: &Shared, step: &Step, was: StateKind) -> Result<(), Trouble> {
    let changed = step.record.state.kind() != was;
    let settled_doubt = matches!(step.record.state, State::Pending { .. } | State::InDoubt { .. });
    if !(changed && settled_doubt) {
        return Ok(());
    }
    let fence = shared.session.fence();
    let now = shared.clock.now();
    let line = journal_message(&fence.generation, now, &step.record, None)?;
    Ok(shared.broker.publish(&Destination::Journal, line).await?)
}

async fn release(shared: &Shared, step: &Step) {
    for back in PermitReturn::of(step) {
        shared.marks.put(Mark::Released(back)).await;
    }
}
