//! Becoming a member: whether a ledger without a generation has forgotten anything is told by
//! the journal.

use std::sync::Arc;

use job::Timestamp;
use ports::{
    Barrier, Broker, Clock, Destination, Generation, JOURNAL_GENERATION, JournalStart, Members,
    Message, PublishError, Source,
};
use recorder::Session;

use crate::batch::{Batch, SILENCE};
use crate::error::Error;

/// Joins the ledger. One that never had a generation, beside a journal without a line, has
/// forgotten nothing; any other new generation may have, so it begins now and stays closed until
/// somebody follows.
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
    // Since the journal was read, others may have worked and the ledger have lost it all.
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

/// Before anything is submitted: should the ledger be lost before the journal tells of any job,
/// whoever comes next must not take itself for the first.
async fn begun(broker: &dyn Broker, generation: &Generation) -> Result<(), PublishError> {
    let mut line = Message::json(generation.id.as_str(), generation.id.clone());
    line.kind = Some(JOURNAL_GENERATION.to_owned());
    broker.publish(&Destination::Journal, line).await
}

/// Whether the journal tells of no generation at all. Asked with a barrier, because a broker only
/// estimates how many lines there are.
pub async fn is_blank(broker: &dyn Broker, clock: &dyn Clock) -> Result<bool, Error> {
    none(broker, clock, |_| true).await
}

/// Whether there is no line of such a generation.
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
