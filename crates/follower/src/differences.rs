use std::collections::BTreeMap;

use job::{JobKey, JournalEntry, Kept, Record, Restoring};
use ports::{Barrier, Broker, Clock, JournalStart, LedgerError, Records, Source};
use serde::Serialize;

use crate::batch::{AHEAD, Batch, SILENCE, behind};
use crate::error::Error;

/// A job whose record in the ledger is missing or older than in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub key: JobKey,
    pub journal: Version,
    /// `None`: the ledger has no record of it.
    pub ledger: Option<Version>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    pub revision: u64,
    pub state: &'static str,
}

/// Reads the whole journal and changes no record. Jobs that change meanwhile and records that have
/// expired are not reported.
pub async fn differences(
    broker: &dyn Broker,
    ledger: &dyn Records,
    clock: &dyn Clock,
    restoring: Restoring,
) -> Result<Vec<Difference>, Error> {
    let barrier = Barrier::publish(broker, clock).await?;
    let first = Source::Journal(JournalStart::First);
    let mut deliveries = broker.consume(&first, AHEAD).await?;
    let mut candidates: BTreeMap<JobKey, JournalEntry> = BTreeMap::new();
    loop {
        let batch = Batch::read(deliveries.as_mut(), Some(&barrier), SILENCE).await?;
        if batch.next.is_none() {
            return Err(Error::Ended);
        }
        candidates.retain(|key, _| !batch.lines.contains_key(key));
        let behind = behind(ledger, &batch).await?.into_iter();
        candidates.extend(behind.map(|(entry, _)| (entry.record.key.clone(), lean(entry))));
        if batch.met_barrier {
            return confirm(ledger, restoring, candidates).await;
        }
    }
}

/// All records may be missing: removes what the comparison does not need.
fn lean(mut entry: JournalEntry) -> JournalEntry {
    entry.record.request = Kept::Nothing;
    entry.record.metadata = Default::default();
    let history = &mut entry.record.history;
    history.drain(..history.len().saturating_sub(1));
    entry.event = None;
    entry
}

/// Compares again: the ledger may have been updated meanwhile.
async fn confirm(
    ledger: &dyn Records,
    restoring: Restoring,
    candidates: BTreeMap<JobKey, JournalEntry>,
) -> Result<Vec<Difference>, Error> {
    let mut found = Vec::new();
    for (key, entry) in candidates {
        let present = present(ledger, &key).await?;
        let journal = Version::of(&entry.record);
        if restoring.restore(entry, present.as_ref().map(|there| there.revision)).is_some() {
            found.push(Difference { key, journal, ledger: present });
        }
    }
    Ok(found)
}

/// The version in the ledger. A record that cannot be read counts as older than any line.
async fn present(ledger: &dyn Records, key: &JobKey) -> Result<Option<Version>, LedgerError> {
    match ledger.load(key).await {
        Ok(stored) => Ok(stored.map(|stored| Version::of(&stored.record))),
        Err(LedgerError::Corrupt { .. }) => Ok(Some(Version { revision: 0, state: "unreadable" })),
        Err(error) => Err(error),
    }
}

impl Version {
    fn of(record: &Record) -> Self {
        Self { revision: record.revision, state: record.state.word() }
    }
}
