//! How soon the tasks of a dead worker's POSTs are looked up.

use std::time::{Duration, Instant};

use job::StateKind;
use ports::ListFilter;
use serde_json::json;

use super::deployment::{Deployment, IN_HAND, provider_settings};
use crate::harness::until;

const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// The times from the kill to the first look-up of each orphan, shortest first.
pub(crate) async fn looked_for(deployment: &mut Deployment) -> Vec<Duration> {
    // No job is in doubt before the kill, and every orphan has a task: one look-up each.
    let late = json!([{"kind": "delay_ms", "value": 4_500}]);
    deployment.provider.change(provider_settings(late)).await;
    deployment.publish(2 * IN_HAND).await;
    until("the worker has its hands full", async || {
        deployment.under_way().await as usize >= IN_HAND
    })
    .await;
    let before = deployment.provider.figures().await.look_ups;
    deployment.process("worker").kill().await;
    let killed = Instant::now();
    let orphans = submitting(deployment).await;
    let mut seen = Vec::new();
    while seen.len() < orphans && killed.elapsed() < PATIENCE {
        let looks = deployment.provider.figures().await.look_ups - before;
        seen.resize((looks as usize).min(orphans), killed.elapsed());
        tokio::time::sleep(LOOK).await;
    }
    deployment.provider.change(provider_settings(json!([]))).await;
    deployment.restart("worker").await;
    assert_eq!(seen.len(), orphans, "some were never looked for");
    seen
}

async fn submitting(deployment: &Deployment) -> usize {
    let filter = ListFilter::of_states(&[StateKind::Submitting], 10 * IN_HAND);
    deployment.environment.ledger().await.list(&filter).await.expect("the ledger").len()
}

/// The time within which this share has happened.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1]
}
