//! A consumer that counts the events.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use job::{EventKind, JobId, JobKey, Tenant};
use producer::{Producer, Results};

use crate::demo::system::SUBSCRIPTION;
use crate::error::Error;

/// A repeat of an event would arrive within this.
const REPEATS: Duration = Duration::from_millis(200);

pub(crate) struct Consumer {
    results: Results,
    /// How often each event id was received.
    received: HashMap<String, u64>,
    /// The outcome of each job, by first event.
    outcomes: BTreeMap<JobKey, EventKind>,
}

impl Consumer {
    pub(crate) async fn subscribe(producer: &Producer) -> Result<Self, Error> {
        let results = producer.results(Some(SUBSCRIPTION), "#").await?;
        Ok(Self { results, received: HashMap::new(), outcomes: BTreeMap::new() })
    }

    /// `false` if no more can arrive.
    pub(crate) async fn receive(&mut self) -> bool {
        let Some(result) = self.results.next().await else { return false };
        let event = &result.event;
        *self.received.entry(event.id.clone()).or_default() += 1;
        let key = Tenant::new(&event.data.tenant)
            .and_then(|tenant| Ok(JobKey::new(tenant, JobId::new(&event.subject)?)));
        if let (Ok(key), Some(kind)) = (key, event.kind())
            && kind.is_outcome()
        {
            self.outcomes.entry(key).or_insert(kind);
        }
        result.ack().await.is_ok()
    }

    pub(crate) async fn receive_repeats(&mut self) {
        while let Ok(true) = tokio::time::timeout(REPEATS, self.receive()).await {}
    }

    /// Jobs with an outcome.
    pub(crate) fn outcomes(&self) -> usize {
        self.outcomes.len()
    }

    pub(crate) fn outcome(&self, key: &JobKey) -> Option<EventKind> {
        self.outcomes.get(key).copied()
    }

    pub(crate) fn count(&self, kind: EventKind) -> u64 {
        self.outcomes.values().filter(|outcome| **outcome == kind).count() as u64
    }

    /// Number of different events received.
    pub(crate) fn events(&self) -> u64 {
        self.received.len() as u64
    }

    pub(crate) fn repeats(&self) -> u64 {
        self.received.values().map(|times| times - 1).sum()
    }
}
