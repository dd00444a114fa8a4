//! The journal: one line for each change of a record, from which the ledger can be rebuilt.

use job::{JournalEntry, Record, Timestamp};
use ports::{Destination, Generation, LedgerError, Message, Stored};

use crate::recorder::{Applied, Error, Recorder};
use crate::whole::{require_whole, whole};

impl Recorder {
    /// Journals a record that was written before, and that the journal may lack.
    pub async fn journal_again(&self, stored: Stored) -> Result<Applied, Error> {
        let Stored { record, version, .. } = stored;
        match whole(self.writer.ledger.as_ref(), version, record).await? {
            Some(record) => self.journal(&record).await.map(|()| Applied::Done(Box::new(record))),
            None => Ok(Applied::Changed(None)),
        }
    }

    /// Writes the present record to the journal.
    pub async fn journal(&self, record: &Record) -> Result<(), Error> {
        let line = self.line(record, None)?;
        self.publish_line(record, line).await
    }

    pub(crate) fn line(
        &self,
        record: &Record,
        event: Option<&[u8]>,
    ) -> Result<Message, LedgerError> {
        let (fence, now) = (self.session.fence(), self.writer.clock.now());
        journal_message(&fence.generation, now, record, event)
    }

    pub(crate) async fn publish_line(&self, record: &Record, line: Message) -> Result<(), Error> {
        let published = self.broker.publish(&Destination::Journal, line).await;
        published.map_err(|error| Error::Unjournaled { record: Box::new(record.clone()), error })
    }
}

/// A line of the journal as a message; `event`: the body of an announcement as published. The line
/// contains the request, since a record must be recreated from it.
pub fn journal_message(
    generation: &Generation,
    at: Timestamp,
    record: &Record,
    event: Option<&[u8]>,
) -> Result<Message, LedgerError> {
    require_whole(record)?;
    let id = format!("{}:{}:{}", record.key, record.round, at.as_millis());
    let line =
        JournalLine { version: JournalEntry::VERSION, generation: &generation.id, at, record };
    let mut body = serde_json::to_vec(&line).unwrap_or_default();
    // The event is JSON already: it replaces the closing brace, which saves parsing and writing it
    // again for every outcome.
    if let (Some(event), Some(b'}')) = (event, body.last()) {
        body.pop();
        body.extend_from_slice(b",\"event\":");
        body.extend_from_slice(event);
        body.push(b'}');
    }
    let mut message = Message::json(id, body);
    message.timestamp = Some(at);
    Ok(message)
}

/// [`JournalEntry`] for writing, with a borrowed record.
#[derive(serde::Serialize)]
struct JournalLine<'a> {
    version: u32,
    generation: &'a str,
    at: Timestamp,
    record: &'a Record,
}

#[cfg(test)]
mod tests {
    use job::{CloudEvent, EventKind, EventSource, MessageFacts, decode};

    use super::*;
    use crate::Announcer;

    #[test]
    fn a_journal_line_reads_back_with_its_event() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        let announcer = Announcer { source: EventSource::of_installation("reelwork") };
        let event =
            CloudEvent::about(&record, EventKind::Succeeded, &announcer.source, Timestamp::EPOCH);
        let entry = announcer.entry(&record, &event);
        let generation = Generation { id: "g".into(), began_at: Timestamp::EPOCH };
        let line = |event| journal_message(&generation, Timestamp::EPOCH, &record, event).unwrap();

        let read: JournalEntry =
            serde_json::from_slice(&line(Some(&entry.message.body)).body).unwrap();
        assert_eq!((read.record, read.event), (record.clone(), Some(event)));
        let read: JournalEntry = serde_json::from_slice(&line(None).body).unwrap();
        assert_eq!((read.generation.as_str(), read.event), ("g", None));
    }
}
