//! A consumer of results that reconnects when its connection is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use job::{CloudEvent, EventKind};
use producer::Producer;

use crate::harness::Environment;

const AGAIN: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) struct Listener {
    received: Arc<Mutex<Received>>,
}

#[derive(Default)]
struct Received {
    /// For each job, its outcomes by event id, each with its number of deliveries.
    outcomes: BTreeMap<String, BTreeMap<String, u32>>,
    /// When each outcome was received for the first time.
    first: Vec<Instant>,
}

impl Listener {
    pub(crate) async fn subscribed(environment: &Environment) -> Self {
        let listener = Self { received: Arc::default() };
        let producer = Producer::new(environment.broker().await);
        let mut results = producer.results(Some("consumer"), "#").await.expect("results");
        let ears = listener.clone();
        tokio::spawn(async move {
            loop {
                while let Some(result) = results.next().await {
                    ears.receives(&result.event);
                    let _ = result.ack().await;
                }
                results = loop {
                    match producer.results(Some("consumer"), "#").await {
                        Ok(results) => break results,
                        Err(_) => tokio::time::sleep(AGAIN).await,
                    }
                };
            }
        });
        listener
    }

    fn receives(&self, event: &CloudEvent) {
        if !event.kind().is_some_and(EventKind::is_outcome) {
            return;
        }
        let mut received = self.received.lock().expect("no panic");
        let events = received.outcomes.entry(event.subject.clone()).or_default();
        let count = events.entry(event.id.clone()).or_default();
        *count += 1;
        if *count == 1 {
            received.first.push(Instant::now());
        }
    }

    /// Outcomes first received between two moments.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> usize {
        let received = self.received.lock().expect("no panic");
        received.first.iter().filter(|at| (from..to).contains(*at)).count()
    }

    pub(crate) fn outcomes(&self) -> usize {
        self.received.lock().expect("no panic").first.len()
    }

    pub(crate) fn missing(&self, promised: &[String]) -> Vec<String> {
        let received = self.received.lock().expect("no panic");
        promised.iter().filter(|id| !received.outcomes.contains_key(*id)).cloned().collect()
    }

    /// Jobs of this phase with more than one outcome.
    pub(crate) fn contradicted(&self, phase: &str) -> usize {
        self.of(phase, |events| usize::from(events.len() > 1))
    }

    /// Events of this phase beyond the first of each.
    pub(crate) fn repeats(&self, phase: &str) -> usize {
        self.of(phase, |events| events.values().map(|count| *count as usize - 1).sum())
    }

    fn of(&self, phase: &str, count: impl Fn(&BTreeMap<String, u32>) -> usize) -> usize {
        let received = self.received.lock().expect("no panic");
        let phase = received.outcomes.iter().filter(|(id, _)| id.starts_with(phase));
        phase.map(|(_, events)| count(events)).sum()
    }
}
