//! Lines of the journal, read in batches.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use job::{EventKind, JobKey, JournalEntry};
use ports::{
    Barrier, Deliveries, Delivery, JOURNAL_BARRIER, JOURNAL_GENERATION, LedgerError, Records,
};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use crate::error::Error;

const MOST: usize = 256;

/// A limit in bytes, because a line can contain files: each is held several times while it is
/// parsed and written.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Lines that the broker sends ahead. It counts lines, not bytes; a line can have 8 MiB.
pub(crate) const AHEAD: u16 = 16;

/// If no line arrives for this long before the barrier, none will.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// The state of a cancellation that came before its job. Earlier versions gave it a revision.
const TOMBSTONE: &str = "tombstone";

/// A batch is complete when no line has arrived for this long.
const GATHER: Duration = Duration::from_millis(20);

/// The newest line that was read of each job, ordered by key.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) lines: BTreeMap<JobKey, Line>,
    /// Lines with a conflict event.
    pub(crate) conflicts: Vec<Line>,
    /// The generations in which these lines were written.
    pub(crate) generations: BTreeSet<String>,
    /// The offset after the last line that was read.
    pub(crate) next: Option<u64>,
    pub(crate) met_barrier: bool,
    count: usize,
    bytes: usize,
}

pub(crate) struct Line {
    pub(crate) revision: u64,
    body: Bytes,
}

/// The part of a line that shows whether the ledger is behind it.
#[derive(Deserialize)]
struct Head {
    version: u32,
    #[serde(default)]
    generation: String,
    record: HeadRecord,
    #[serde(default)]
    event: Option<HeadEvent>,
}

#[derive(Deserialize)]
struct HeadRecord {
    key: JobKey,
    #[serde(default)]
    revision: u64,
    #[serde(default)]
    state: HeadState,
}

#[derive(Default, Deserialize)]
struct HeadState {
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct HeadEvent {
    r#type: String,
}

impl Head {
    fn is_conflict(&self) -> bool {
        let event = self.event.as_ref();
        event.and_then(|event| EventKind::of_type(&event.r#type)) == Some(EventKind::Conflict)
    }
}

impl Batch {
    /// Waits for the first line until `patience` is over, then reads what follows at once. Ends at
    /// the barrier.
    pub(crate) async fn read(
        deliveries: &mut dyn Deliveries,
        barrier: Option<&Barrier>,
        patience: Duration,
    ) -> Result<Self, Error> {
        let mut batch = Self::default();
        let mut deadline = Instant::now() + patience;
        while batch.has_room() && !batch.met_barrier {
            match timeout_at(deadline, deliveries.next()).await {
                Ok(Some(delivery)) => batch.take(delivery, barrier).await,
                Ok(None) => return Err(Error::Ended),
                Err(_) => break,
            }
            deadline = Instant::now() + GATHER;
        }
        Ok(batch)
    }

    fn has_room(&self) -> bool {
        self.count < MOST && self.bytes < MOST_BYTES
    }

    async fn take(&mut self, delivery: Delivery, barrier: Option<&Barrier>) {
        self.count += 1;
        self.bytes += delivery.message.body.len();
        self.next = delivery.offset.map(|offset| offset + 1).or(self.next);
        self.met_barrier = barrier.is_some_and(|barrier| barrier.is(&delivery.message));
        match delivery.message.kind.as_deref() {
            Some(JOURNAL_BARRIER) => {}
            Some(JOURNAL_GENERATION) => {
                let id = String::from_utf8_lossy(&delivery.message.body);
                self.generations.insert(id.into_owned());
            }
            _ => self.keep(delivery.message.body.clone()),
        }
        // An ack removes nothing from the journal: it only makes room for the next line.
        if let Err(error) = delivery.ack().await {
            tracing::debug!(%error, "a journal line was not acknowledged");
        }
    }

    /// Of two lines with one revision the later one is kept: it shows what was announced.
    fn keep(&mut self, body: Bytes) {
        let head: Head = match serde_json::from_slice(&body) {
            Ok(head) => head,
            Err(error) => return tracing::warn!(%error, "a journal line cannot be read"),
        };
        if head.version > JournalEntry::VERSION {
            return tracing::warn!(version = head.version, "a journal line is too new to be read");
        }
        if !self.generations.contains(&head.generation) {
            self.generations.insert(head.generation.clone());
        }
        let conflict = head.is_conflict();
        let HeadRecord { key, revision, state } = head.record;
        // It contains nothing of the job, whenever it was written.
        let revision = if state.state == TOMBSTONE { 0 } else { revision };
        if conflict {
            self.conflicts.push(Line { revision, body: body.clone() });
        }
        let present = self.lines.get(&key).map(|line| line.revision);
        // A conflict may be the first line of its job; it does not show how the job ended.
        let newer = match conflict {
            true => present.is_none_or(|present| present < revision),
            false => present.is_none_or(|present| present <= revision),
        };
        if newer {
            self.lines.insert(key, Line { revision, body });
        }
    }
}

impl Line {
    pub(crate) fn entry(&self) -> Option<JournalEntry> {
        serde_json::from_slice(&self.body)
            .inspect_err(|error| tracing::warn!(%error, "a journal line cannot be read"))
            .ok()
    }
}

/// The lines that are newer than the ledger's records, with the revisions of those.
pub(crate) async fn behind(
    ledger: &dyn Records,
    batch: &Batch,
) -> Result<Vec<(JournalEntry, Option<u64>)>, LedgerError> {
    let keys: Vec<_> = batch.lines.keys().cloned().collect();
    let present = ledger.revisions(&keys).await?;
    let lines = batch.lines.values().zip(present);
    let older = lines.filter(|(line, present)| present.is_none_or(|n| n < line.revision));
    Ok(older.filter_map(|(line, present)| Some((line.entry()?, present))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, revision: u64, mark: &str) -> Bytes {
        let text = format!(
            r#"{{"version":1,"mark":"{mark}","record":{{"key":{{"tenant":"default","id":"{id}"}},"revision":{revision}}}}}"#
        );
        Bytes::from(text)
    }

    #[test]
    fn the_newest_line_of_a_job_is_kept_and_the_later_of_equals() {
        let mut batch = Batch::default();
        let lines = [("a", 2, "x"), ("a", 3, "y"), ("a", 3, "z"), ("a", 1, "old"), ("b", 0, "b")];
        for (id, revision, mark) in lines {
            batch.keep(line(id, revision, mark));
        }
        let kept: Vec<_> = batch.lines.values().map(|line| line.revision).collect();
        assert_eq!(kept, [3, 0]);
        let first = batch.lines.values().next().unwrap();
        assert_eq!(first.body, line("a", 3, "z"));
    }

    #[test]
    fn a_conflict_is_a_line_of_its_job_too() {
        let conflict = |revision| {
            let kind = "dev.reelwork.task.conflict.v1";
            Bytes::from(format!(
                r#"{{"version":1,"record":{{"key":{{"tenant":"default","id":"a"}},"revision":{revision}}},"event":{{"type":"{kind}"}}}}"#
            ))
        };
        let mut batch = Batch::default();
        batch.keep(conflict(2));
        assert_eq!(batch.lines.values().next().map(|line| line.revision), Some(2));
        batch.keep(line("a", 3, "end"));
        batch.keep(conflict(3));
        assert_eq!(batch.lines.values().next().unwrap().body, line("a", 3, "end"));
        assert_eq!(batch.conflicts.len(), 2);
    }

    #[test]
    fn a_tombstone_is_older_than_any_line_of_its_job() {
        let mut batch = Batch::default();
        let key = job::JobKey::parse("default/a").unwrap();
        let mut tombstone = job::Record::tombstone(key, job::Timestamp::EPOCH);
        tombstone.revision = 9;
        let text = serde_json::json!({"version": 1, "record": tombstone}).to_string();
        batch.keep(line("a", 2, "x"));
        batch.keep(Bytes::from(text));
        assert_eq!(batch.lines.values().next().unwrap().revision, 2);
    }

    const TOO_NEW: &str = r#"{"version":9,"record":{"key":{"tenant":"default","id":"a"}}}"#;

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let mut batch = Batch::default();
        for text in ["", "{}", "[1]", TOO_NEW] {
            batch.keep(Bytes::from(text));
        }
        assert!(batch.lines.is_empty());
    }
}
