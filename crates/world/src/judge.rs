//! Watches what the stores are made to do, beside them, and says what must never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use job::{CloudEvent, EventKind, JobKey, Record, State};
use memory::MemoryLedger;
use ports::{Destination, Fence, Message, Write};

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<String>,
    /// Events that the ledger was told of.
    known: BTreeSet<String>,
    /// What each job's round was settled as, and in which generation of the ledger.
    settled: BTreeMap<(JobKey, u32), (&'static str, String)>,
    /// Event ids by what they say.
    ids: BTreeMap<(JobKey, &'static str, u32), BTreeSet<String>>,
    /// How each round was announced to have ended.
    told: BTreeMap<(JobKey, u32), &'static str>,
    /// Writes of those who had lost their lease, refused.
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

    /// The id is used again for another job: what was seen of the first is no repeat.
    pub(crate) fn begin_life(&self, key: &JobKey) {
        let mut findings = self.findings();
        findings.settled.retain(|(of, _), _| of != key);
        findings.ids.retain(|(of, _, _), _| of != key);
        findings.told.retain(|(of, _), _| of != key);
    }

    /// Whether this voice may write now.
    pub(crate) fn may_write(&self, fence: &Fence) -> bool {
        let contents = self.ledger.contents();
        contents.generation.as_ref() == Some(&fence.generation) && contents.is_alive(&fence.owner)
    }

    /// The version that is there now.
    pub(crate) fn version(&self, key: &JobKey) -> Option<u64> {
        self.ledger.contents().records.get(key).map(|row| row.version)
    }

    fn was_settled(&self, record: &Record) -> bool {
        let contents = self.ledger.contents();
        let before = contents.records.get(&record.key).map(|row| &row.record);
        before.is_some_and(|b| b.round == record.round && is_settled(b))
    }

    /// Called before a write, so that what is there can still be seen.
    pub(crate) fn intends(&self, record: &Record) -> bool {
        is_settled(record) && !self.was_settled(record)
    }

    /// A write was done. A ledger that forgot an outcome may be told of it again, and of no other.
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
        // What was lost before anybody heard of it may end otherwise.
        if generation == settled.1 {
            let Record { key, round, .. } = record;
            let what = format!("{key} was settled twice in round {round}: {word}, {}", settled.0);
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

/// Of what a ledger has forgotten, a person may think otherwise.
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

/// Whom an event is about.
pub(crate) fn key_of(event: &CloudEvent) -> Option<JobKey> {
    JobKey::parse(&format!("{}/{}", event.data.tenant, event.data.job_id))
}
