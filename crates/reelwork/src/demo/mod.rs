//! Jobs from end to end in one process: simulated provider, worker, poller, producer and consumer,
//! and three independent counts of what happened.

mod consumer;
mod jobs;
mod report;
mod sabotage;
mod system;

use std::time::Duration;

use daemon::{Config, ExitCode};
use futures::StreamExt;
use indicatif::ProgressBar;
use job::{Job, JobKey};
use producer::Producer;
use tokio::time::Instant;

use crate::cli::Demo;
use crate::error::Error;
use crate::output::{Output, Words};
use consumer::Consumer;
use report::Report;
use system::System;

/// Maximum number of concurrent publishes.
const AT_ONCE: usize = 64;

/// If no event arrives for this long, the missing jobs are lost: at the demo's speed the slowest
/// task runs for a few seconds.
const SILENCE: Duration = Duration::from_secs(15);

pub(crate) async fn run(options: Demo, config: Config, output: &Output) -> Result<ExitCode, Error> {
    let jobs = jobs::jobs(options.jobs, options.prompts.as_deref())?;
    let system = System::start(&options, &config).await?;
    let producer = Producer::new(system.broker());
    let mut consumer = Consumer::subscribe(&producer).await?;

    let bar = output.progress(jobs.len() as u64, "demo");
    let started = Instant::now();
    // Consumes while publishing: events of early jobs arrive before the last job is published.
    let (published, ()) =
        tokio::join!(publish(&producer, &jobs), listen(&mut consumer, jobs.len(), &bar));
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let accounts = system.accounts();
    let stop = system.stop().await;
    let report = Report::of(&options, &published?, &consumer, &accounts, seconds);
    output.result(&report, || Words::of_lines(&report.words()));
    stop?;
    Ok(if report.is_clean() { ExitCode::Ok } else { ExitCode::Failure })
}

/// The keys of all jobs that the broker has confirmed.
async fn publish(producer: &Producer, jobs: &[Job]) -> Result<Vec<JobKey>, Error> {
    let publishing =
        futures::stream::iter(jobs).map(|job| producer.publish(job)).buffer_unordered(AT_ONCE);
    let receipts: Vec<_> = publishing.collect().await;
    receipts.into_iter().map(|receipt| Ok(receipt?.key)).collect()
}

async fn listen(consumer: &mut Consumer, jobs: usize, bar: &ProgressBar) {
    while consumer.outcomes() < jobs {
        match tokio::time::timeout(SILENCE, consumer.receive()).await {
            Ok(true) => bar.set_position(consumer.outcomes() as u64),
            // Closed or silent: the counts show what is missing.
            Ok(false) | Err(_) => return,
        }
    }
    consumer.receive_repeats().await;
}
