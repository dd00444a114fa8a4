//! Watches what the stores are made to do, beside them, and says what must never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use job::{CloudEvent, EventKind, JobKey, Record, State};
use ports::{Destination, Fence, Message, OutboxEntry};

use crate::ledger::WorldLedger;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<String>,
    /// Events that the ledger was told of.
    known: BTreeSet<String>,
    /// What each job's round was settled as, and how often it came to be so.
    settled: BTreeMap<(JobKey, u32), u32>,
    /// Event ids by what they say.
    ids: BTreeMap<(JobKey, &'static str, u32), BTreeSet<String>>,
    /// Writes of those who had lost their lease, refused.
    pub(crate) late_refused: u64,
}

pub(crate) struct Judge {
    ledger: Arc<WorldLedger>,
    findings: Mutex<Findings>,
}

impl Judge {
    pub(crate) fn new(ledger: Arc<WorldLedger>) -> Self {
        Self { ledger, findings: Mutex::default() }
    }

    pub(crate) fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn accuse(&self, what: impl Into<String>) {
        self.findings().violations.push(what.into());
    }

    /// Whether this voice may write now.
    pub(crate) fn may_write(&self, fence: &Fence) -> bool {
        let memory = self.ledger.memory();
        memory.generation.as_ref() == Some(&fence.generation) && memory.is_alive(&fence.owner)
    }

    /// The version that is there now.
    pub(crate) fn version(&self, key: &JobKey) -> Option<u64> {
        self.ledger.memory().records.get(key).map(|row| row.version)
    }

    fn was_settled(&self, record: &Record) -> bool {
        let memory = self.ledger.memory();
        let before = memory.records.get(&record.key).map(|row| &row.record);
        before.is_some_and(|b| b.round == record.round && is_settled(b))
    }

    /// Called before a write, so that what is there can still be seen.
    pub(crate) fn intends(&self, record: &Record) -> bool {
        is_settled(record) && !self.was_settled(record)
    }

    /// A write was done.
    pub(crate) fn written(&self, record: &Record, outbox: &[OutboxEntry], settles: bool) {
        let mut findings = self.findings();
        findings.known.extend(outbox.iter().map(|entry| entry.id.clone()));
        if !settles {
            return;
        }
        let times = findings.settled.entry((record.key.clone(), record.round)).or_default();
        *times += 1;
        if *times > 1 {
            let what = format!("{} was settled twice in round {}", record.key, record.round);
            findings.violations.push(what);
        }
    }

    /// A write was tried by somebody who might not.
    pub(crate) fn late(&self, name: &str, about: &str, refused: bool) {
        let mut findings = self.findings();
        findings.late_refused += u64::from(refused);
        if !refused {
            findings.violations.push(format!("a late {name} of {about} was accepted"));
        }
    }

    /// Something is about to be published.
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
        let ids = findings.ids.entry((key.clone(), kind.word(), event.data.round)).or_default();
        if ids.insert(event.id) && ids.len() > 1 {
            let what = format!("{key} {} has several event ids", kind.word());
            findings.violations.push(what);
        }
    }
}

fn is_settled(record: &Record) -> bool {
    matches!(record.state, State::Settled { .. })
}

/// Whom an event is about.
pub(crate) fn key_of(event: &CloudEvent) -> Option<JobKey> {
    JobKey::parse(&format!("{}/{}", event.data.tenant, event.data.job_id))
}
