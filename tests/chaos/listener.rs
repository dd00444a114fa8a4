//! A consumer of results that reconnects when its connection is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use job::{CloudEvent, EventKind};
use producer::Producer;

use crate::harness::House;

const AGAIN: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) struct Listener {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    /// For each job, its outcomes by event id, each with its number of deliveries.
    outcomes: BTreeMap<String, BTreeMap<String, u32>>,
    /// When each outcome was received for the first time.
    first: Vec<Instant>,
}

impl Listener {
    pub(crate) async fn seated(house: &House) -> Self {
        let listener = Self { heard: Arc::default() };
        let producer = Producer::new(house.broker().await);
        let mut results = producer.results(Some("audience"), "#").await.expect("results");
        let ears = listener.clone();
        tokio::spawn(async move {
            loop {
                while let Some(result) = results.next().await {
                    ears.hears(&result.event);
                    let _ = result.ack().await;
                }
                results = loop {
                    match producer.results(Some("audience"), "#").await {
                        Ok(results) => break results,
                        Err(_) => tokio::time::sleep(AGAIN).await,
                    }
                };
            }
        });
        listener
    }

    fn hears(&self, event: &CloudEvent) {
        if !event.kind().is_some_and(EventKind::is_outcome) {
            return;
        }
        let mut heard = self.heard.lock().expect("no panic");
        let events = heard.outcomes.entry(event.subject.clone()).or_default();
        let count = events.entry(event.id.clone()).or_default();
        *count += 1;
        if *count == 1 {
            heard.first.push(Instant::now());
        }
    }

    /// Outcomes first received between two moments.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> usize {
        let heard = self.heard.lock().expect("no panic");
        heard.first.iter().filter(|at| (from..to).contains(*at)).count()
    }

    pub(crate) fn outcomes(&self) -> usize {
        self.heard.lock().expect("no panic").first.len()
    }

    pub(crate) fn missing(&self, promised: &[String]) -> Vec<String> {
        let heard = self.heard.lock().expect("no panic");
        promised.iter().filter(|id| !heard.outcomes.contains_key(*id)).cloned().collect()
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
        let heard = self.heard.lock().expect("no panic");
        let phase = heard.outcomes.iter().filter(|(id, _)| id.starts_with(phase));
        phase.map(|(_, events)| count(events)).sum()
    }
}
