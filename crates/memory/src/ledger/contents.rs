use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use job::{
    Acceptance, JobKey, ManualPause, Operation, PauseScope, Record, SlotLimit, StateKind, Tenant,
    Timestamp, UsedAllowance,
};
use ports::{Generation, OutboxEntry, Pause, Witness};

use super::pool::Pool;
use super::room::Room;
use super::spending::AccountSpending;

/// Everything that is lost when the ledger is emptied.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The time of the call that is being served.
    pub now: Timestamp,
    pub(super) retention: Duration,
    /// For a deliberate mistake: every write is accepted, with any fence and over any version.
    pub trusts_anybody: bool,
    pub generation: Option<Generation>,
    /// From when the present generation is open.
    pub(super) opens_at: Option<Timestamp>,
    /// The process that compares the journal with the ledger, and the first line not compared.
    pub(super) follower: Option<String>,
    pub(super) followed: Option<u64>,
    /// Records were found missing in the present generation.
    pub(super) lost: bool,
    /// Survives a loss of the data, so that no name of an owner or generation is used twice.
    pub(super) names: u64,
    pub(super) leases: BTreeMap<String, Timestamp>,
    pub records: BTreeMap<JobKey, Row>,
    pub(super) due: BTreeSet<(Timestamp, JobKey)>,
    pub(super) expiring: BTreeSet<(Timestamp, JobKey)>,
    pub(super) outbox: BTreeMap<(JobKey, String), Waiting>,
    pub(super) unsaid: BTreeSet<(Timestamp, JobKey, String)>,
    pub(super) pools: BTreeMap<String, Pool>,
    /// The limits of pools and their versions.
    pub(super) slot_limits: BTreeMap<String, (SlotLimit, u64)>,
    pub(super) rooms: BTreeMap<String, Room>,
    /// The present call may have made slots free for jobs that wait, or has had one wait.
    pub(super) freed: bool,
    /// Who has the turn to probe, and until when.
    pub(super) turns: BTreeMap<String, (String, Timestamp)>,
    /// Until when the rate of an account, or of one of its tenants, is used up, in µs.
    pub(super) rates: BTreeMap<(String, Option<Tenant>), i64>,
    /// Submissions by account and UTC day.
    pub(super) days: BTreeMap<(String, i64), u64>,
    pub(super) pauses: BTreeMap<String, Pause>,
    /// Pauses by hand, by account.
    pub(super) manual_pauses: BTreeMap<String, BTreeMap<PauseScope, ManualPause>>,
    /// Tasks that an account is known to have, by operation.
    pub(super) witnesses: BTreeMap<(String, Operation), Witness>,
    /// Task ids that were proposed for a job's round, and until when they are kept.
    pub(super) proposed: BTreeMap<(JobKey, u32), (Vec<String>, Timestamp)>,
    /// The job and round that an account's task belongs to.
    pub(super) tasks: BTreeMap<(String, String), (JobKey, u32)>,
    /// Jobs that a gateway has accepted, and until when they are kept.
    pub(super) accepted: BTreeMap<JobKey, (Acceptance, Timestamp)>,
    /// What the keys of the gateway have used.
    pub(super) allowances: BTreeMap<String, UsedAllowance>,
    /// By slot, pool and state.
    pub(super) ended: BTreeMap<(Timestamp, String, StateKind), u64>,
    /// What is spent and reserved, by account.
    pub(super) spending: BTreeMap<String, AccountSpending>,
}

/// A record with its positions in the indexes.
#[derive(Clone, Debug)]
pub struct Row {
    pub record: Record,
    pub version: u64,
    pub(super) due: Option<Timestamp>,
    pub(super) expires: Option<Timestamp>,
}

/// An outbox entry, and from when it may be claimed.
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
            slot_limits: BTreeMap::new(),
            rooms: BTreeMap::new(),
            freed: false,
            turns: BTreeMap::new(),
            rates: BTreeMap::new(),
            days: BTreeMap::new(),
            pauses: BTreeMap::new(),
            manual_pauses: BTreeMap::new(),
            witnesses: BTreeMap::new(),
            proposed: BTreeMap::new(),
            tasks: BTreeMap::new(),
            accepted: BTreeMap::new(),
            allowances: BTreeMap::new(),
            ended: BTreeMap::new(),
            spending: BTreeMap::new(),
        }
    }

    /// Sets the time to `now` and removes what has expired.
    pub(super) fn wind(&mut self, now: Timestamp) {
        self.now = now;
        while self.expiring.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.expiring.pop_first() else { return };
            if let Some(Row { due: Some(due), .. }) = self.records.remove(&key) {
                self.due.remove(&(due, key));
            }
        }
    }

    /// Ends this record's retention; returns whether it had begun.
    pub fn expire(&mut self, key: &JobKey) -> bool {
        let Some(at) = self.records.get(key).and_then(|row| row.expires) else { return false };
        self.expiring.remove(&(at, key.clone()));
        self.records.remove(key);
        true
    }

    /// Deletes everything, as `FLUSHALL` does.
    pub fn forget(&mut self) {
        let (retention, names, trusts_anybody) = (self.retention, self.names, self.trusts_anybody);
        *self = Self { names, trusts_anybody, now: self.now, ..Self::new(retention) };
    }

    /// Restores old contents, as a restart with an old snapshot does: the server is another one, so
    /// the generation ends.
    pub fn set_back(&mut self, old: Self) {
        let (names, trusts_anybody) = (self.names, self.trusts_anybody);
        *self = Self { names, trusts_anybody, generation: None, now: self.now, ..old };
    }

    /// Number of entries that are not published yet.
    pub fn unsaid(&self) -> usize {
        self.outbox.len()
    }
}
