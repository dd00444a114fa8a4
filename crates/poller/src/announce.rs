//! Saying what the ledger already knows: event, journal, then the mark.

use job::{EventKind, Record};
use ports::{Destination, OutboxEntry, PublishError, journal_message};

use crate::marks::Mark;
use crate::shared::Shared;

/// Publishes one outbox entry. A line of the journal tells what is true: an outcome is
/// journaled once it is announced, so that a rebuilt ledger need not announce it again; a job is
/// journaled as waiting before its message is there, so that a rebuilt ledger looks for its task.
pub(crate) async fn announce(
    shared: &Shared,
    entry: OutboxEntry,
    record: Option<&Record>,
) -> Result<(), PublishError> {
    let id = entry.outbox_id();
    let line = record.and_then(|record| journal(shared, record, &entry));
    match entry.to {
        Destination::Jobs { .. } => {
            write_down(shared, line).await?;
            shared.broker.publish(&entry.to, entry.message).await?;
        }
        _ => {
            shared.broker.publish(&entry.to, entry.message).await?;
            write_down(shared, line).await?;
        }
    }
    shared.marks.put(Mark::Announced(id)).await;
    Ok(())
}

async fn write_down(shared: &Shared, line: Option<ports::Message>) -> Result<(), PublishError> {
    match line {
        Some(line) => shared.broker.publish(&Destination::Journal, line).await,
        None => Ok(()),
    }
}

fn journal(shared: &Shared, record: &Record, entry: &OutboxEntry) -> Option<ports::Message> {
    let kind = entry.message.kind.as_deref().and_then(EventKind::of_type);
    // It changes no record, and whoever wrote it has journaled it.
    if kind == Some(EventKind::Conflict) {
        return None;
    }
    let event = match entry.to {
        Destination::Results { .. } => Some(entry.message.body.as_ref()),
        _ => None,
    };
    let fence = shared.session.fence();
    Some(journal_message(&fence.generation, shared.clock.now(), record, event))
}
