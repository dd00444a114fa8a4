//! Hands facts about claimed records to the recorder.

use job::{Fact, Illegal};
use ports::{Fence, LedgerError, PublishError, Stored};
use recorder::{Applied, Plan};
use tracing::Instrument;

use crate::shared::Shared;
use crate::trace;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Recorder(#[from] recorder::Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] PublishError),
    #[error(transparent)]
    Illegal(#[from] Box<Illegal>),
}

/// If another process wrote in between, its write is newer and this fact is dropped.
pub(crate) async fn record(
    shared: &Shared,
    fence: &Fence,
    stored: Stored,
    fact: Fact,
    sweep: Option<&str>,
) -> Result<(), Error> {
    let plan = shared.recorder.writer().plan(stored.record, fact)?;
    write(shared, fence, stored.version, plan, sweep).await
}

/// Writes a plan over the version that it was made from.
pub(crate) async fn write(
    shared: &Shared,
    fence: &Fence,
    version: u64,
    plan: Plan,
    sweep: Option<&str>,
) -> Result<(), Error> {
    let span = trace::completion(shared.settings.spans, &plan, sweep);
    match shared.recorder.swap(fence, version, plan).instrument(span).await? {
        Applied::Done(_) | Applied::Changed(_) => Ok(()),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}
