//! Becoming a member: whether a ledger without a generation has forgotten anything is told by
//! the journal.

use std::sync::Arc;

use job::Timestamp;
use ports::{Broker, Clock, JournalStart, Ledger, Session, Source};

use crate::barrier::Barrier;
use crate::batch::{Batch, SILENCE};
use crate::trouble::Trouble;

/// Joins the ledger. One that never had a generation, beside a journal without a line, has
/// forgotten nothing; any other new generation may have, so it begins now and stays closed until
/// somebody follows.
pub async fn join(
    broker: &dyn Broker,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
) -> Result<Session, Trouble> {
    let virgin = ledger.generation().await?.is_none() && is_blank(broker, clock.as_ref()).await?;
    let began_at = if virgin { Timestamp::EPOCH } else { clock.now() };
    Ok(Session::join(ledger, clock, began_at).await?)
}

/// Whether the journal tells of no job at all. Asked with a barrier, because a broker only
/// estimates how many lines there are.
pub async fn is_blank(broker: &dyn Broker, clock: &dyn Clock) -> Result<bool, Trouble> {
    let barrier = Barrier::publish(broker, clock).await?;
    let mut deliveries = broker.consume(&Source::Journal(JournalStart::First), 1).await?;
    loop {
        let batch = Batch::read(deliveries.as_mut(), Some(&barrier), SILENCE).await?;
        let is_blank = batch.lines.is_empty() && batch.conflicts.is_empty();
        match (is_blank, batch.met_barrier, batch.next) {
            (false, _, _) => return Ok(false),
            (true, true, _) => return Ok(true),
            (true, false, Some(_)) => {}
            (true, false, None) => return Err(Trouble::Ended),
        }
    }
}
