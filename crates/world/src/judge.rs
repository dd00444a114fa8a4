//! Watches the calls of the stores and reports what must never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use job::{CloudEvent, EventKind, JobKey, Record, State};
use memory::MemoryLedger;
use ports::{Destination, Fence, Message, Write};

/// The observations so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<String>,
    /// Events that were written to the ledger.
    known: BTreeSet<String>,
    /// The outcome of each job's round, and the generation in which it was written.
    settled: BTreeMap<(JobKey, u32), (&'static str, String)>,
    /// Event ids by job, kind and round.
    ids: BTreeMap<(JobKey, &'static str, u32), BTreeSet<String>>,
    /// The outcome of each round as it was announced.
    told: BTreeMap<(JobKey, u32), &'static str>,
    /// Waiting jobs that were moved to another account.
    pub(crate) moves: u64,
    /// Tasks that were found with another account than that of the record.
    pub(crate) finds: u64,
    /// Refused writes of processes that had lost their lease.
    pub(crate) late_refused: u64,
}

pub(crate) struct Judge {
    ledger: Arc<MemoryLedger>,
    findings: Mutex<Findings>,
}

impl Judge {
    pub(crate) fn new(ledger: Arc<MemoryLedger>) -> Self {
        Self { ledger, findings: Mutex::default() }
    }

    pub(crate) fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn accuse(&self, what: impl Into<String>) {
        self.findings().violations.push(what.into());
    }

    /// The id is used for another job: observations of the first do not count.
    pub(crate) fn begin_life(&self, key: &JobKey) {
        let mut findings = self.findings();
        findings.settled.retain(|(of, _), _| of != key);
        findings.ids.retain(|(of, _, _), _| of != key);
        findings.told.retain(|(of, _), _| of != key);
    }

    /// Whether a process with this fence may write now.
    pub(crate) fn may_write(&self, fence: &Fence) -> bool {
        let contents = self.ledger.contents();
        contents.generation.as_ref() == Some(&fence.generation) && contents.is_alive(&fence.owner)
    }

    /// The record's present version.
    pub(crate) fn version(&self, key: &JobKey) -> Option<u64> {
        self.ledger.contents().records.get(key).map(|row| row.version)
    }

    /// Called before a write, while the previous record is still there.
    pub(crate) fn moves(&self, record: &Record) -> bool {
        let contents = self.ledger.contents();
        let before = contents.records.get(&record.key).map(|row| &row.record);
        let waits = |record: &Record| matches!(record.state, State::Waiting { .. });
        waits(record) && before.is_some_and(|b| waits(b) && b.account != record.account)
    }

    /// Whether a task was found with another account. Called before a write, too.
    pub(crate) fn finds(&self, record: &Record) -> bool {
        let contents = self.ledger.contents();
        let before = contents.records.get(&record.key).map(|row| &row.record);
        let has_task = matches!(record.state, State::Pending { .. });
        has_task && before.is_some_and(|before| before.account != record.account)
    }

    fn was_settled(&self, record: &Record) -> bool {
        let contents = self.ledger.contents();
        let before = contents.records.get(&record.key).map(|row| &row.record);
        before.is_some_and(|b| b.round == record.round && is_settled(b))
    }

    /// Called before a write, while the previous record is still there.
    pub(crate) fn intends(&self, record: &Record) -> bool {
        is_settled(record) && !self.was_settled(record)
    }

    /// A write was done. A ledger that lost an outcome may get it again, and no other one.
    pub(crate) fn written(&self, fence: &Fence, write: &Write, settles: bool) {
        let Write { record, outbox, .. } = write;
        let mut findings = self.findings();
        findings.known.extend(outbox.iter().map(|entry| entry.id.clone()));
        if !settles {
            return;
        }
        let settled = (record.state.word(), fence.generation.id.clone());
        let place = (record.key.clone(), record.round);
        let Some((word, generation)) = findings.settled.insert(place, settled.clone()) else {
            return;
        };
        // An outcome that was lost before it was announced may be replaced by another.
        if generation == settled.1 {
            let Record { key, round, .. } = record;
            let what = format!("{key} was settled twice in round {round}: {word}, {}", settled.0);
            findings.violations.push(what);
        }
    }

    /// A process without a valid lease tried to write.
    pub(crate) fn late(&self, name: &str, about: &str, refused: bool) {
        let mut findings = self.findings();
        findings.late_refused += u64::from(refused);
        if !refused {
            findings.violations.push(format!("a late {name} of {about} was accepted"));
        }
    }

    /// A message is about to be published.
    pub(crate) fn published(&self, to: &Destination, message: &Message) {
        if !matches!(to, Destination::Results { .. }) {
            return;
        }
        let Ok(event) = serde_json::from_slice::<CloudEvent>(&message.body) else {
            return self.accuse(format!("{} is no event", message.id));
        };
        let Some((kind, key)) = event.kind().zip(key_of(&event)) else {
            return self.accuse(format!("{} names no kind or no job", message.id));
        };
        let mut findings = self.findings();
        if !findings.known.contains(&message.id) {
            let what = format!("{key} {} was announced before it was written", kind.word());
            findings.violations.push(what);
        }
        // Two conflicts about one job are two events.
        if kind == EventKind::Conflict {
            return;
        }
        if is_end(kind) && !is_by_a_person(&event) {
            let place = (key.clone(), event.data.round);
            let told = findings.told.entry(place).or_insert(kind.word());
            if *told != kind.word() {
                let what = format!("{key} was announced as {told} and as {}", kind.word());
                findings.violations.push(what);
            }
        }
        let ids = findings.ids.entry((key.clone(), kind.word(), event.data.round)).or_default();
        if ids.insert(event.id) && ids.len() > 1 {
            let what = format!("{key} {} has several event ids", kind.word());
            findings.violations.push(what);
        }
    }
}

/// After a loss of the ledger, an operator may decide otherwise.
fn is_by_a_person(event: &CloudEvent) -> bool {
    let error = event.data.error.as_ref();
    error.is_some_and(|error| error.kind == "dropped" || error.kind == "operator")
}

fn is_end(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Succeeded
            | EventKind::Failed
            | EventKind::Rejected
            | EventKind::TimedOut
            | EventKind::Cancelled
    )
}

fn is_settled(record: &Record) -> bool {
    matches!(record.state, State::Settled { .. })
}

/// The job of an event.
pub(crate) fn key_of(event: &CloudEvent) -> Option<JobKey> {
    JobKey::parse(&format!("{}/{}", event.data.tenant, event.data.job_id))
}
