//! How soon the tasks of a dead worker's POSTs are looked up.

use std::time::{Duration, Instant};

use job::StateKind;
use ports::ListFilter;
use serde_json::json;

use super::town::{IN_HAND, Town, provider_settings};
use crate::harness::until;

const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// The times from the kill to the first look-up of each orphan, shortest first.
pub(crate) async fn looked_for(town: &mut Town) -> Vec<Duration> {
    // No job is in doubt before the kill, and every orphan has a task: one look-up each.
    let late = json!([{"kind": "delay_ms", "value": 4_500}]);
    town.provider.change(provider_settings(late)).await;
    town.publish(2 * IN_HAND).await;
    until("the worker has its hands full", async || town.under_way().await as usize >= IN_HAND)
        .await;
    let before = town.provider.figures().await.look_ups;
    town.process("worker").kill().await;
    let killed = Instant::now();
    let orphans = submitting(town).await;
    let mut seen = Vec::new();
    while seen.len() < orphans && killed.elapsed() < PATIENCE {
        let looks = town.provider.figures().await.look_ups - before;
        seen.resize((looks as usize).min(orphans), killed.elapsed());
        tokio::time::sleep(LOOK).await;
    }
    town.provider.change(provider_settings(json!([]))).await;
    town.restart("worker").await;
    assert_eq!(seen.len(), orphans, "some were never looked for");
    seen
}

async fn submitting(town: &Town) -> usize {
    let filter = ListFilter::of_states(&[StateKind::Submitting], 10 * IN_HAND);
    town.house.ledger().await.list(&filter).await.expect("the ledger").len()
}

/// The time within which this share has happened.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1]
}
