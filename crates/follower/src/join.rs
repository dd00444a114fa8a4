//! Joins the ledger. If the ledger has no generation, the journal shows whether it has lost data.

use std::sync::Arc;

use job::Timestamp;
use ports::{
    Barrier, Broker, Clock, Destination, Generation, JOURNAL_GENERATION, JournalStart, Members,
    Message, PublishError, Source,
};
use recorder::Session;

use crate::batch::{Batch, SILENCE};
use crate::error::Error;

/// Joins the ledger. One that never had a generation, with an empty journal, has lost nothing. Any
/// other new generation may have: it begins now and stays closed until it is compared.
pub async fn join(
    broker: &dyn Broker,
    ledger: Arc<dyn Members>,
    clock: Arc<dyn Clock>,
) -> Result<Session, Error> {
    let virgin = ledger.generation().await?.is_none() && is_blank(broker, clock.as_ref()).await?;
    if !virgin {
        let now = clock.now();
        return Ok(Session::join(ledger, clock, now).await?);
    }
    let session = Session::join(ledger.clone(), clock.clone(), Timestamp::EPOCH).await?;
    // Since the journal was read, others may have written records and the ledger lost them.
    let generation = session.fence().generation.clone();
    let is_first = generation.began_at == Timestamp::EPOCH;
    if !is_first || none(broker, clock.as_ref(), |id| id != generation.id).await? {
        begun(broker, &generation).await?;
        return Ok(session);
    }
    ledger.distrust().await?;
    session.leave().await;
    let now = clock.now();
    Ok(Session::join(ledger, clock, now).await?)
}

/// Before anything is submitted: if the ledger is lost before a job has a journal line, the next
/// process must not conclude that it is the first.
async fn begun(broker: &dyn Broker, generation: &Generation) -> Result<(), PublishError> {
    let mut line = Message::json(generation.id.as_str(), generation.id.clone());
    line.kind = Some(JOURNAL_GENERATION.to_owned());
    broker.publish(&Destination::Journal, line).await
}

/// Whether the journal contains no generation at all. Reads to a barrier, because a broker only
/// estimates the number of lines.
pub async fn is_blank(broker: &dyn Broker, clock: &dyn Clock) -> Result<bool, Error> {
    none(broker, clock, |_| true).await
}

/// Whether no line has such a generation.
async fn none(
    broker: &dyn Broker,
    clock: &dyn Clock,
    such: impl Fn(&str) -> bool,
) -> Result<bool, Error> {
    let barrier = Barrier::publish(broker, clock).await?;
    let mut deliveries = broker.consume(&Source::Journal(JournalStart::First), 1).await?;
    loop {
        let batch = Batch::read(deliveries.as_mut(), Some(&barrier), SILENCE).await?;
        let none = !batch.generations.iter().any(|id| such(id));
        match (none, batch.met_barrier, batch.next) {
            (false, _, _) => return Ok(false),
            (true, true, _) => return Ok(true),
            (true, false, Some(_)) => {}
            (true, false, None) => return Err(Error::Ended),
        }
    }
}
