//! The warning that the ledger was not compared with the journal: an emptied one lacks records.

use ports::{LedgerError, Members};

use crate::output::Output;

pub(super) const UNCOMPARED: &str = "the ledger is new or was emptied, and has not been compared with the \
    journal: jobs may be missing here. A worker, a poller or `reelwork ledger rebuild` compares it";

/// Whether it was printed.
pub(super) async fn report(ledger: &dyn Members, output: &Output) -> Result<bool, LedgerError> {
    let uncompared = ledger.opens_at().await?.is_none();
    if uncompared {
        output.complain(UNCOMPARED);
    }
    Ok(uncompared)
}
