use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use job::{JobKey, Operation, Record, Timestamp};
use ports::{Generation, OutboxEntry, Pause, Witness};

use super::pool::Pool;

/// Everything that would be gone if the ledger were emptied.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The moment of the call that is being served.
    pub now: Timestamp,
    pub(super) retention: Duration,
    /// The broken store of a broken variant: whoever writes last is believed.
    pub trusts_anybody: bool,
    pub generation: Option<Generation>,
    /// Since when the present generation may be worked with.
    pub(super) opens_at: Option<Timestamp>,
    /// Who compares the journal with the ledger, and the first line not compared.
    pub(super) follower: Option<String>,
    pub(super) followed: Option<u64>,
    /// Something was found missing in the present generation.
    pub(super) lost: bool,
    /// Survives a loss of memory, so that no owner or generation is ever named twice.
    pub(super) names: u64,
    pub(super) leases: BTreeMap<String, Timestamp>,
    pub records: BTreeMap<JobKey, Row>,
    pub(super) due: BTreeSet<(Timestamp, JobKey)>,
    pub(super) expiring: BTreeSet<(Timestamp, JobKey)>,
    pub(super) outbox: BTreeMap<(JobKey, String), Waiting>,
    pub(super) unsaid: BTreeSet<(Timestamp, JobKey, String)>,
    pub(super) pools: BTreeMap<String, Pool>,
    /// Whose turn it is to take jobs for a full pool, and until when.
    pub(super) turns: BTreeMap<String, (String, Timestamp)>,
    /// Submissions by UTC day.
    pub(super) days: BTreeMap<i64, u64>,
    pub(super) pauses: BTreeMap<String, Pause>,
    /// Tasks that an account was seen to have, by operation.
    pub(super) witnesses: BTreeMap<(String, Operation), Witness>,
    /// Task ids that were named for a job's round, and until when they are kept.
    pub(super) proposed: BTreeMap<(JobKey, u32), (Vec<String>, Timestamp)>,
    /// Whose an account's task is.
    pub(super) tasks: BTreeMap<(String, String), (JobKey, u32)>,
}

/// A record with its places in the indexes.
#[derive(Clone, Debug)]
pub struct Row {
    pub record: Record,
    pub version: u64,
    pub(super) due: Option<Timestamp>,
    pub(super) expires: Option<Timestamp>,
}

/// An outbox entry and when it may be claimed.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) entry: OutboxEntry,
    pub(super) at: Timestamp,
}

impl Contents {
    pub(super) fn new(retention: Duration) -> Self {
        Self {
            now: Timestamp::EPOCH,
            retention,
            trusts_anybody: false,
            generation: None,
            opens_at: None,
            follower: None,
            followed: None,
            lost: false,
            names: 0,
            leases: BTreeMap::new(),
            records: BTreeMap::new(),
            due: BTreeSet::new(),
            expiring: BTreeSet::new(),
            outbox: BTreeMap::new(),
            unsaid: BTreeSet::new(),
            pools: BTreeMap::new(),
            turns: BTreeMap::new(),
            days: BTreeMap::new(),
            pauses: BTreeMap::new(),
            witnesses: BTreeMap::new(),
            proposed: BTreeMap::new(),
            tasks: BTreeMap::new(),
        }
    }

    /// Moves on to `now`; what has expired by then is gone.
    pub(super) fn wind(&mut self, now: Timestamp) {
        self.now = now;
        while self.expiring.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.expiring.pop_first() else { return };
            if let Some(Row { due: Some(due), .. }) = self.records.remove(&key) {
                self.due.remove(&(due, key));
            }
        }
    }

    /// As if this closed record's retention were over; whether it was closed.
    pub fn expire(&mut self, key: &JobKey) -> bool {
        let Some(at) = self.records.get(key).and_then(|row| row.expires) else { return false };
        self.expiring.remove(&(at, key.clone()));
        self.records.remove(key);
        true
    }

    /// All is gone, as after `FLUSHALL`.
    pub fn forget(&mut self) {
        let (retention, names, trusts_anybody) = (self.retention, self.names, self.trusts_anybody);
        *self = Self { names, trusts_anybody, now: self.now, ..Self::new(retention) };
    }

    /// All is as it was, as after a restart with an old snapshot: the server is another one, so
    /// the generation ends.
    pub fn set_back(&mut self, old: Self) {
        let (names, trusts_anybody) = (self.names, self.trusts_anybody);
        *self = Self { names, trusts_anybody, generation: None, now: self.now, ..old };
    }

    /// Entries that nobody has published yet.
    pub fn unsaid(&self) -> usize {
        self.outbox.len()
    }
}
