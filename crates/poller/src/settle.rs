//! A fact about a claimed record is recorded, and what follows from it.

use job::{Fact, Illegal};
use ports::{Fence, LedgerError, PublishError, Stored};
use recorder::{Applied, Plan};
use tracing::Instrument;

use crate::shared::Shared;
use crate::trace;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Recorder(#[from] recorder::Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
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
    let plan = shared.recorder.writer().plan(stored.record, fact)?;
    write(shared, fence, stored.version, plan, sweep).await
}

/// A plan over the version that it was made from.
pub(crate) async fn write(
    shared: &Shared,
    fence: &Fence,
    version: u64,
    plan: Plan,
    sweep: Option<&str>,
) -> Result<(), Trouble> {
    let span = trace::completion(shared.settings.spans, &plan, sweep);
    match shared.recorder.swap(fence, version, plan).instrument(span).await? {
        Applied::Done(_) | Applied::Changed(_) => Ok(()),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}
