use std::collections::BTreeMap;
use std::time::Duration;

use job::{JobKey, JournalEntry, Record, Restoring};
use ports::{Broker, JournalStart, Ledger, Source};
use serde::Serialize;

use crate::barrier::Barrier;
use crate::batch::{Batch, behind};
use crate::trouble::Trouble;

/// A job that the journal knows better than the ledger.
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

/// Nothing more comes from a journal that is silent for so long before its barrier.
const SILENCE: Duration = Duration::from_secs(10);

const PREFETCH: u16 = 1024;

/// Whether the journal tells of no job at all. Asked with a barrier, because a broker only
/// estimates how many lines there are.
pub async fn is_blank(broker: &dyn Broker) -> Result<bool, Trouble> {
    let barrier = Barrier::publish(broker).await?;
    let mut deliveries = broker.consume(&Source::Journal(JournalStart::First), 1).await?;
    loop {
        let batch = Batch::read(deliveries.as_mut(), Some(&barrier), SILENCE).await?;
        match (batch.lines.is_empty(), batch.met_barrier, batch.next) {
            (false, _, _) => return Ok(false),
            (true, true, _) => return Ok(true),
            (true, false, Some(_)) => {}
            (true, false, None) => return Err(Trouble::Ended),
        }
    }
}

/// Reads the whole journal and changes no record. A job that moves on meanwhile is no
/// difference; neither is one that has expired.
pub async fn differences(
    broker: &dyn Broker,
    ledger: &dyn Ledger,
    restoring: Restoring,
) -> Result<Vec<Difference>, Trouble> {
    let barrier = Barrier::publish(broker).await?;
    let first = Source::Journal(JournalStart::First);
    let mut deliveries = broker.consume(&first, PREFETCH).await?;
    let mut candidates: BTreeMap<JobKey, JournalEntry> = BTreeMap::new();
    loop {
        let batch = Batch::read(deliveries.as_mut(), Some(&barrier), SILENCE).await?;
        if batch.next.is_none() {
            return Err(Trouble::Ended);
        }
        candidates.retain(|key, _| !batch.lines.contains_key(key));
        let behind = behind(ledger, &batch).await?.into_iter();
        candidates.extend(behind.map(|(entry, _)| (entry.record.key.clone(), entry)));
        if batch.met_barrier {
            return confirm(ledger, restoring, candidates).await;
        }
    }
}

/// Looked at again: the ledger may have been told meanwhile.
async fn confirm(
    ledger: &dyn Ledger,
    restoring: Restoring,
    candidates: BTreeMap<JobKey, JournalEntry>,
) -> Result<Vec<Difference>, Trouble> {
    let mut found = Vec::new();
    for (key, entry) in candidates {
        let record = ledger.load(&key).await?.map(|stored| stored.record);
        let journal = Version::of(&entry.record);
        if restoring.restore(entry, record.as_ref().map(|record| record.revision)).is_some() {
            found.push(Difference { key, journal, ledger: record.as_ref().map(Version::of) });
        }
    }
    Ok(found)
}

impl Version {
    fn of(record: &Record) -> Self {
        Self { revision: record.revision, state: record.state.word() }
    }
}
