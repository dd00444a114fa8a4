//! A ledger that was emptied knows less than the journal: whoever looks is told.

use ports::{LedgerError, Members};

use crate::output::Output;

pub(super) const UNCOMPARED: &str = "the ledger is new or was emptied, and has not been compared with the \
    journal: jobs may be missing here. A worker, a poller or `reelwork ledger rebuild` compares it";

/// Whether it was told.
pub(super) async fn told(ledger: &dyn Members, output: &Output) -> Result<bool, LedgerError> {
    let uncompared = ledger.opens_at().await?.is_none();
    if uncompared {
        output.complain(UNCOMPARED);
    }
    Ok(uncompared)
}
