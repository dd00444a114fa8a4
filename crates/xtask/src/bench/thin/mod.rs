//! The other side: the simplest correct sequence of the same external operations, and nothing else.
//! It uses no crate of the workspace.
//!
//! For each job: publish (confirmed, mandatory, quorum queue); take; permit; intent; POST; task id
//! and due time; journal (confirmed, stream); ack; claim (in batches); GET; outcome and outbox;
//! event and journal (both confirmed); mark (in batches); receive and ack.

mod ledger;
mod messages;
mod provider;
mod stages;
mod wire;

use std::sync::Arc;

use crate::measure::{Measured, Meter};
use crate::{Failed, Load};
use ledger::Ledger;
use provider::Provider;
use wire::Wire;

/// What every stage uses.
struct Thin {
    wire: Wire,
    ledger: Ledger,
    provider: Provider,
    jobs: usize,
    at_once: usize,
}

pub(crate) async fn run(load: &Load, provider: Option<u32>) -> Result<Measured, Failed> {
    let name = format!("thin-{:08x}", uuid::Uuid::new_v4().as_fields().0);
    let thin = Arc::new(Thin {
        wire: Wire::open(&load.amqp, &name).await?,
        ledger: Ledger::open(&load.redis, &name).await?,
        provider: Provider::at(&load.provider, load.at_once.into())?,
        jobs: load.jobs,
        at_once: load.at_once.into(),
    });
    let measured = measure(&thin, load, provider).await;
    thin.wire.erase().await?;
    thin.ledger.erase().await?;
    measured
}

async fn measure(thin: &Arc<Thin>, load: &Load, provider: Option<u32>) -> Result<Measured, Failed> {
    let jobs = thin.wire.jobs(load.at_once).await?;
    let events = thin.wire.events(load.at_once).await?;
    let (marks, marking) = tokio::sync::mpsc::channel(4096);

    let meter = Meter::start(load, provider).await?;
    let heard = tokio::select! {
        heard = async { tokio::try_join!(stages::publish(thin), stages::listen(thin, events)) } => {
            heard?.1
        }
        broken = stages::submit_all(thin, jobs) => return Err(ended("submitting", broken)),
        broken = stages::follow_all(thin, marks) => return Err(ended("following", broken)),
        broken = stages::mark_all(thin, marking) => return Err(ended("marking", broken)),
    };
    Ok(meter.stop(load.jobs, heard - load.jobs).await)
}

fn ended(stage: &str, result: Result<(), Failed>) -> Failed {
    match result {
        Ok(()) => format!("no figures: {stage} ended").into(),
        Err(failed) => format!("no figures: {stage}: {failed}").into(),
    }
}
