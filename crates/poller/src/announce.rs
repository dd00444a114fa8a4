//! Saying what the ledger already knows: event, journal, then the mark.

use job::{EventKind, Outcome, Record, State};
use ports::{Destination, LedgerError, Message, OutboxEntry, PublishError, journal_message};

use crate::marks::Mark;
use crate::settle::Trouble;
use crate::shared::Shared;

/// How it is known how a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Just settled by what the provider or its silence told us.
    Look,
    /// Whoever wrote it may not have journaled it yet.
    Outbox,
}

/// Pure. An end that nobody could tell again must not be heard of before the journal has it: a
/// ledger that lost it would let the job end otherwise.
fn is_written_first(record: &Record, from: From) -> bool {
    match &record.state {
        State::Settled { outcome: Outcome::Succeeded { .. } | Outcome::Failed { .. }, .. } => {
            from == From::Outbox
        }
        State::Settled { .. } => true,
        // A letter that is adopted again after a loss may get another life, and other event ids.
        State::Parked { .. } => from == From::Outbox,
        _ => false,
    }
}

/// Publishes one outbox entry. A line of the journal tells what is true: an outcome is
/// journaled once it is announced, so that a rebuilt ledger need not announce it again; a job is
/// journaled as waiting before its message is there, so that a rebuilt ledger looks for its task.
pub(crate) async fn announce(
    shared: &Shared,
    entry: OutboxEntry,
    record: Option<&Record>,
    from: From,
) -> Result<(), Trouble> {
    let id = entry.outbox_id();
    if let Some(record) = record.filter(|record| is_written_first(record, from)) {
        let (generation, now) = (&shared.session.fence().generation, shared.clock.now());
        let line = journal_message(generation, now, record, None)?;
        shared.broker.publish(&Destination::Journal, line).await?;
    }
    let line = match record {
        Some(record) => journal(shared, record, &entry)?,
        None => None,
    };
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

async fn write_down(shared: &Shared, line: Option<Message>) -> Result<(), PublishError> {
    match line {
        Some(line) => shared.broker.publish(&Destination::Journal, line).await,
        None => Ok(()),
    }
}

fn journal(
    shared: &Shared,
    record: &Record,
    entry: &OutboxEntry,
) -> Result<Option<Message>, LedgerError> {
    let kind = entry.message.kind.as_deref().and_then(EventKind::of_type);
    // It changes no record, and whoever wrote it has journaled it.
    if kind == Some(EventKind::Conflict) {
        return Ok(None);
    }
    let event = match entry.to {
        Destination::Results { .. } => Some(entry.message.body.as_ref()),
        _ => None,
    };
    let fence = shared.session.fence();
    journal_message(&fence.generation, shared.clock.now(), record, event).map(Some)
}

#[cfg(test)]
mod tests {
    use job::{MessageFacts, Problem, Timestamp, decode};

    use super::*;

    fn record(outcome: Option<Outcome>) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        if let Some(outcome) = outcome {
            record.state = State::Settled { outcome, at: Timestamp::EPOCH };
        }
        record
    }

    #[test]
    fn what_nobody_could_tell_again_is_journaled_before_it_is_announced() {
        let error = || Problem::new("x", "x");
        let done = Outcome::Succeeded { outputs: Vec::new(), final_unit_deduction: None };
        for (outcome, by_look, by_outbox) in [
            (None, false, false),
            (Some(done), false, true),
            (Some(Outcome::Failed { error: error() }), false, true),
            (Some(Outcome::Rejected { error: error() }), true, true),
            (Some(Outcome::TimedOut { error: error() }), true, true),
            (Some(Outcome::Cancelled), true, true),
        ] {
            let record = record(outcome);
            let first = [From::Look, From::Outbox].map(|from| is_written_first(&record, from));
            assert_eq!(first, [by_look, by_outbox], "{:?}", record.state);
        }
        let parked = State::Parked { why: String::new(), doubt: None, at: Timestamp::EPOCH };
        let parked = Record { state: parked, ..record(None) };
        assert!(is_written_first(&parked, From::Outbox) && !is_written_first(&parked, From::Look));
    }
}
