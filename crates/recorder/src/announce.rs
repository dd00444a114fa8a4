//! Announces changes that are in the ledger: event, journal, then the mark that it was done.

use job::{EventKind, Outcome, Record, State, WebhookCall};
use ports::{Destination, LedgerError, Message, OutboxEntry, header};

use crate::announces::{Announces, Earlier};
use crate::recorder::{Error, Recorder};

/// Pure. Whether the journal must have this end before it is announced. Without a line, a ledger
/// that lost the end could let the job end otherwise.
fn is_journaled_first(record: &Record, earlier: Earlier) -> bool {
    match &record.state {
        State::Settled { outcome: Outcome::Succeeded { .. } | Outcome::Failed { .. }, .. } => {
            earlier == Earlier::Perhaps
        }
        State::Settled { .. } => true,
        // After a loss, a letter that is adopted again may get another life, and other event ids.
        State::Parked { .. } => earlier == Earlier::Perhaps,
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. } => false,
    }
}

impl Recorder {
    /// Publishes one outbox entry. An outcome is journaled after it was announced, so that a
    /// rebuilt ledger need not announce it again. A job is journaled as queued before its message
    /// is published, so that a rebuilt ledger looks for its task. `record`: `None` when it cannot
    /// be read, and then there is no line.
    pub async fn announce(
        &self,
        entry: OutboxEntry,
        record: Option<&Record>,
        earlier: Earlier,
    ) -> Result<(), Error> {
        let id = entry.outbox_id();
        if let Some(record) = record.filter(|record| is_journaled_first(record, earlier)) {
            self.journal(record).await?;
        }
        let line = record.map(|record| self.line_of(record, &entry)).transpose()?.flatten();
        let waits_for_message = is_of_a_job(&entry.to);
        if waits_for_message {
            self.write_line(line.as_ref()).await?;
        }
        // First: once the event is journaled, a rebuilt ledger does not announce it again.
        if let Some(call) = record.and_then(|record| webhook(record, &entry)) {
            self.publish(&Destination::Webhooks { after: None }, call).await?;
        }
        self.publish(&entry.to, entry.message).await?;
        if !waits_for_message {
            self.write_line(line.as_ref()).await?;
        }
        if let Announces::Itself(batcher) = &self.announces {
            batcher.announced(id).await;
        }
        Ok(())
    }

    async fn write_line(&self, line: Option<&Message>) -> Result<(), Error> {
        match line {
            Some(line) => self.publish(&Destination::Journal, line.clone()).await,
            None => Ok(()),
        }
    }

    async fn publish(&self, to: &Destination, message: Message) -> Result<(), Error> {
        self.broker.publish(to, message).await.map_err(Error::Unannounced)
    }

    /// `None` for a conflict: it changes no record, and its writer has journaled it.
    fn line_of(
        &self,
        record: &Record,
        entry: &OutboxEntry,
    ) -> Result<Option<Message>, LedgerError> {
        let kind = entry.message.kind.as_deref().and_then(EventKind::of_type);
        if kind == Some(EventKind::Conflict) {
            return Ok(None);
        }
        let event = match entry.to {
            Destination::Results { .. } => Some(entry.message.body.as_ref()),
            Destination::Jobs { .. }
            | Destination::Later { .. }
            | Destination::Overflow { .. }
            | Destination::Dead { .. }
            | Destination::Webhooks { .. }
            | Destination::Journal => None,
        };
        self.line(record, event).map(Some)
    }
}

/// The call of the client's URL that this event asks for, under the event's id: a repeat keeps it.
fn webhook(record: &Record, entry: &OutboxEntry) -> Option<Message> {
    let kind = entry.message.kind.as_deref().and_then(EventKind::of_type)?;
    let body = serde_json::to_vec(&WebhookCall::about(record, kind)?).ok()?;
    let message = Message::json(entry.message.id.clone(), body)
        .header(header::TENANT, record.key.tenant.as_str())
        .header(header::JOB_ID, record.key.id.as_str());
    Some(message)
}

/// Whether it is a job message for workers, now or later.
fn is_of_a_job(to: &Destination) -> bool {
    matches!(to, Destination::Jobs { .. } | Destination::Later { .. })
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
    fn an_end_that_cannot_be_queried_again_is_journaled_before_it_is_announced() {
        let error = || Problem::new("x", "x");
        let done = Outcome::succeeded(Vec::new());
        for (outcome, by_look, by_outbox) in [
            (None, false, false),
            (Some(done), false, true),
            (Some(Outcome::Failed { error: error() }), false, true),
            (Some(Outcome::Rejected { error: error() }), true, true),
            (Some(Outcome::TimedOut { error: error() }), true, true),
            (Some(Outcome::Cancelled), true, true),
        ] {
            let record = record(outcome);
            let first = [Earlier::Journaled, Earlier::Perhaps]
                .map(|earlier| is_journaled_first(&record, earlier));
            assert_eq!(first, [by_look, by_outbox], "{:?}", record.state);
        }
        let parked = State::Parked { why: String::new(), doubt: None, at: Timestamp::EPOCH };
        let parked = Record { state: parked, ..record(None) };
        assert!(is_journaled_first(&parked, Earlier::Perhaps));
        assert!(!is_journaled_first(&parked, Earlier::Journaled));
    }
}
