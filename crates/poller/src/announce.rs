//! Saying what the ledger already knows: event, journal, then the mark.

use job::Record;
use ports::{Destination, OutboxEntry, PublishError, journal_message};

use crate::marks::Mark;
use crate::shared::Shared;

/// Publishes one outbox entry; an outcome goes into the journal with it, so that a rebuilt
/// ledger need not ask for a finished task again.
pub(crate) async fn announce(
    shared: &Shared,
    entry: OutboxEntry,
    record: Option<&Record>,
) -> Result<(), PublishError> {
    let id = entry.outbox_id();
    let journal = record.map(|record| journal(shared, record, &entry));
    let publishing = shared.broker.publish(&entry.to, entry.message);
    let journaling = async {
        match journal {
            Some(message) => shared.broker.publish(&Destination::Journal, message).await,
            None => Ok(()),
        }
    };
    let (published, journaled) = tokio::join!(publishing, journaling);
    published?;
    journaled?;
    shared.marks.put(Mark::Announced(id)).await;
    Ok(())
}

fn journal(shared: &Shared, record: &Record, entry: &OutboxEntry) -> ports::Message {
    let event = match entry.to {
        Destination::Results { .. } => Some(entry.message.body.as_ref()),
        _ => None,
    };
    let fence = shared.session.fence();
    journal_message(&fence.generation, shared.clock.now(), record, event)
}
