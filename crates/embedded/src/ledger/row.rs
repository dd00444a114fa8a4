use std::time::Duration;

use job::{JobKey, Kept, Money, Record, State, StoredHash, Timestamp};
use ports::{Clock, Ended, LedgerError, OutboxEntry, Stored, SystemClock, Write};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::column;
use crate::packed::Packed;

/// A write as columns: made outside the transaction, so that the writer thread only writes.
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) tenant: String,
    pub(crate) state: &'static str,
    /// A settled record may expire once it is announced; a parked one never does.
    pub(crate) settled: bool,
    /// The round that it ends; counted if the record was not settled before.
    pub(crate) ended: Option<Ended>,
    /// The owner that submits it.
    pub(crate) owner: Option<String>,
    /// Expires after the retention, without an announcement.
    pub(crate) fades_in: Option<Duration>,
    pub(crate) created_at: i64,
    pub(crate) body: String,
    pub(crate) request: Beside,
    pub(crate) due: Option<i64>,
    pub(crate) outbox: Vec<OutboxRow>,
    pub(crate) outbox_lease: Duration,
}

/// The request of a record to write.
pub(crate) enum Beside {
    Nothing,
    /// Left apart: the stored request stays.
    Stays,
    Here {
        digest: String,
        text: String,
    },
}

impl Beside {
    fn of(key: &str, kept: &Kept) -> Result<Self, LedgerError> {
        Ok(match kept {
            Kept::Nothing => Self::Nothing,
            Kept::Apart => Self::Stays,
            Kept::Here(request) => {
                let text = to_json(key, request)?;
                let digest = StoredHash::of_message(text.as_bytes()).as_str().to_owned();
                Self::Here { digest, text }
            }
        })
    }

    /// What the record's own column contains of it.
    fn in_record(&self) -> Kept {
        match self {
            Self::Nothing => Kept::Nothing,
            Self::Stays | Self::Here { .. } => Kept::Apart,
        }
    }
}

pub(crate) struct OutboxRow {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) destination: String,
    pub(crate) packed: Packed,
    pub(crate) closes: bool,
    pub(crate) tries: u32,
}

impl Row {
    pub(crate) fn of(mut write: Write, retention: Duration) -> Result<Self, LedgerError> {
        let key = write.record.key.to_string();
        let request = Beside::of(&key, &write.record.request)?;
        write.record.request = request.in_record();
        let record = &write.record;
        let outbox = write.outbox.iter().map(OutboxRow::of);
        Ok(Self {
            ended: Ended::of(record),
            body: to_json(&key, record)?,
            request,
            tenant: record.key.tenant.to_string(),
            state: record.state.word(),
            settled: matches!(record.state, State::Settled { .. }),
            owner: match &record.state {
                State::Submitting { owner, .. } => Some(owner.clone()),
                _ => None,
            },
            fades_in: record.fades().then_some(retention),
            created_at: record.created_at.as_millis(),
            due: write.due.map(Timestamp::as_millis),
            outbox: outbox.collect::<Result<_, _>>()?,
            outbox_lease: write.outbox_lease,
            key,
        })
    }
}

impl OutboxRow {
    fn of(entry: &OutboxEntry) -> Result<Self, LedgerError> {
        let key = entry.key.to_string();
        Ok(Self {
            id: entry.id.clone(),
            destination: to_json(&key, &entry.to)?,
            packed: Packed::of(entry.message.clone()),
            closes: entry.closes,
            tries: entry.tries,
            key,
        })
    }
}

/// A record as stored in its row.
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) owner_alive: bool,
}

impl Found {
    /// From columns id, version, body, owner_alive.
    pub(crate) fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            version: row.get(1)?,
            body: column::bytes(row, 2)?,
            owner_alive: row.get(3)?,
        })
    }

    pub(crate) fn decode(self, key: &JobKey) -> Result<Stored, LedgerError> {
        let record: Record = from_json(&key.to_string(), &self.body)?;
        Ok(Stored {
            record,
            version: u64::try_from(self.version).unwrap_or_default(),
            owner_alive: self.owner_alive,
        })
    }
}

impl Found {
    pub(crate) fn decode_whole(
        self,
        key: &JobKey,
        request: Option<Vec<u8>>,
    ) -> Result<Stored, LedgerError> {
        let mut stored = self.decode(key)?;
        if stored.record.request.is_apart() {
            let cause = "its request is not there".to_owned();
            let text = request.ok_or(LedgerError::Corrupt { key: key.to_string(), cause })?;
            stored.record.request = Kept::Here(from_json(&key.to_string(), &text)?);
        }
        Ok(stored)
    }
}

/// A record found without knowing its key.
pub(crate) struct Keyed {
    pub(crate) key: Vec<u8>,
    pub(crate) found: Found,
}

impl Keyed {
    pub(crate) fn decode(self) -> Result<Stored, LedgerError> {
        let key = parse_key(&self.key)?;
        self.found.decode(&key)
    }
}

pub(crate) fn parse_key(text: &[u8]) -> Result<JobKey, LedgerError> {
    let key = std::str::from_utf8(text).ok().and_then(JobKey::parse);
    key.ok_or_else(|| LedgerError::Corrupt {
        key: String::from_utf8_lossy(text).into_owned(),
        cause: "it is not a key of a job".to_owned(),
    })
}

pub(crate) fn to_json(key: &str, value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| corrupt(key, &error))
}

pub(crate) fn from_json<T: DeserializeOwned>(key: &str, text: &[u8]) -> Result<T, LedgerError> {
    serde_json::from_slice(text).map_err(|error| corrupt(key, &error))
}

fn corrupt(key: &str, error: &serde_json::Error) -> LedgerError {
    LedgerError::Corrupt { key: key.to_owned(), cause: error.to_string() }
}

/// The store's time is the machine's: all processes that share a file are on one machine.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// Amounts are far below the largest number of SQLite.
pub(crate) fn micros(amount: Money) -> i64 {
    i64::try_from(amount.as_micros()).unwrap_or(i64::MAX)
}

/// SQLite's numbers are signed 64 bits.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
