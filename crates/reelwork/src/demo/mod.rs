//! The main job, end to end in one process: simulated provider, worker, poller, producer and
//! consumer, and three independent accounts of what happened.

mod audience;
mod sabotage;
mod script;
mod stage;
mod tally;

use std::time::Duration;

use daemon::{Config, ExitCode};
use futures::StreamExt;
use indicatif::ProgressBar;
use job::{Job, JobKey};
use producer::Producer;
use tokio::time::Instant;

use crate::cli::Demo;
use crate::failure::Failure;
use crate::output::{Output, Words};
use audience::Audience;
use stage::Stage;
use tally::Tally;

/// Publishes under way at once.
const AT_ONCE: usize = 64;

/// When no event comes for this long, what is missing is lost: at the demo's speed the slowest
/// task lives a few seconds.
const SILENCE: Duration = Duration::from_secs(15);

pub(crate) async fn run(
    options: Demo,
    config: Config,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let jobs = script::jobs(options.jobs, options.prompts.as_deref())?;
    let stage = Stage::set(&options, config).await?;
    let producer = Producer::new(stage.broker());
    let mut audience = Audience::seated(&producer).await?;

    let bar = output.progress(jobs.len() as u64, "demo");
    let started = Instant::now();
    // Listening while publishing: events of early jobs come before the last job is in.
    let (published, ()) =
        tokio::join!(publish(&producer, &jobs), listen(&mut audience, jobs.len(), &bar));
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let accounts = stage.accounts();
    let strike = stage.strike().await;
    let tally = Tally::of(&options, &published?, &audience, &accounts, seconds);
    output.result(&tally, || Words::of_lines(&tally.words()));
    strike?;
    Ok(if tally.is_clean() { ExitCode::Ok } else { ExitCode::Failure })
}

/// Every key whose publish returned.
async fn publish(producer: &Producer, jobs: &[Job]) -> Result<Vec<JobKey>, Failure> {
    let publishing =
        futures::stream::iter(jobs).map(|job| producer.publish(job)).buffer_unordered(AT_ONCE);
    let receipts: Vec<_> = publishing.collect().await;
    receipts.into_iter().map(|receipt| Ok(receipt?.key)).collect()
}

async fn listen(audience: &mut Audience, jobs: usize, bar: &ProgressBar) {
    while audience.outcomes() < jobs {
        match tokio::time::timeout(SILENCE, audience.hear()).await {
            Ok(true) => bar.set_position(audience.outcomes() as u64),
            // Closed or silent: the counts tell what is missing.
            Ok(false) | Err(_) => return,
        }
    }
    audience.hear_repeats().await;
}
