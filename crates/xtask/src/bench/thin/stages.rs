//! The stages of a job, each for as many jobs at once as allowed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use lapin::Consumer;
use lapin::message::Delivery;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use super::wire::ack;
use super::{Thin, messages};
use crate::Failed;

/// Wait before the next claim if nothing was due.
const IDLE: Duration = Duration::from_millis(5);
/// If no event arrives for this long, the missing jobs are lost.
const SILENCE: Duration = Duration::from_secs(15);
const MARKS: usize = 256;

pub(super) async fn publish(thin: &Arc<Thin>) -> Result<(), Failed> {
    let publishing = futures::stream::iter(0..thin.jobs).map(|number| async move {
        thin.wire.publish_job(messages::job(number).to_string().as_bytes()).await
    });
    publishing.buffer_unordered(thin.at_once).try_collect().await
}

pub(super) async fn submit_all(thin: &Arc<Thin>, jobs: Consumer) -> Result<(), Failed> {
    let submitting = jobs.map_err(Failed::from).map_ok(|delivery| submit(thin.clone(), delivery));
    submitting.try_for_each_concurrent(thin.at_once, |job| async { tokio::spawn(job).await? }).await
}

async fn submit(thin: Arc<Thin>, delivery: Delivery) -> Result<(), Failed> {
    let job: Value = serde_json::from_slice(&delivery.data)?;
    let id = job["id"].as_str().ok_or("a job without an id")?;
    thin.ledger.take_permit(id).await?;
    thin.ledger.intend(id, &delivery.data).await?;
    let task = thin.provider.submit(&messages::request(&job)).await?;
    thin.ledger.record(id, &task).await?;
    thin.wire.append(&messages::submitted(&job, &task)).await?;
    ack(delivery).await
}

pub(super) async fn follow_all(
    thin: &Arc<Thin>,
    marks: mpsc::Sender<String>,
) -> Result<(), Failed> {
    let looking = Arc::new(Semaphore::new(thin.at_once));
    // A claim is worth its round trip only for several jobs.
    let worth = (thin.at_once / 4).max(1) as u32;
    loop {
        drop(looking.acquire_many(worth).await?);
        let due = thin.ledger.claim(looking.available_permits()).await?;
        if due.is_empty() {
            tokio::time::sleep(IDLE).await;
        }
        for (job, task) in due {
            let place = looking.clone().acquire_owned().await?;
            let following = follow(thin.clone(), job, task, marks.clone());
            tokio::spawn(async move {
                // If it fails, the consumer misses the event.
                let followed = following.await;
                drop(place);
                followed
            });
        }
    }
}

async fn follow(
    thin: Arc<Thin>,
    job: String,
    task: String,
    marks: mpsc::Sender<String>,
) -> Result<(), Failed> {
    let url = thin.provider.result(&task).await?;
    let event = messages::event(&job, &task, &url);
    let body = event.to_string();
    thin.ledger.complete(&job, body.as_bytes()).await?;
    let line = messages::settled(&job, &task, &event);
    tokio::try_join!(thin.wire.publish_event(body.as_bytes()), thin.wire.append(&line))?;
    Ok(marks.send(job).await?)
}

pub(super) async fn mark_all(
    thin: &Arc<Thin>,
    mut marking: mpsc::Receiver<String>,
) -> Result<(), Failed> {
    let mut batch = Vec::with_capacity(MARKS);
    while marking.recv_many(&mut batch, MARKS).await > 0 {
        thin.ledger.mark(&batch).await?;
        batch.clear();
    }
    Ok(())
}

/// Returns how many events arrived until each job had one.
pub(super) async fn listen(thin: &Arc<Thin>, mut events: Consumer) -> Result<usize, Failed> {
    let (mut heard, mut jobs) = (0, HashSet::with_capacity(thin.jobs));
    while jobs.len() < thin.jobs {
        let Ok(Some(delivery)) = tokio::time::timeout(SILENCE, events.next()).await else {
            return Err(format!("no figures: {} jobs are lost", thin.jobs - jobs.len()).into());
        };
        let delivery = delivery?;
        let event: Value = serde_json::from_slice(&delivery.data)?;
        heard += 1;
        jobs.insert(event["subject"].as_str().ok_or("an event without a subject")?.to_owned());
        tokio::spawn(ack(delivery));
    }
    Ok(heard)
}
