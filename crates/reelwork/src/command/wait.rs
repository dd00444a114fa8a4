use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{Outcome, Record, State};
use ports::{Ledger, LedgerError, Stored};
use tokio::time::Instant;

use super::named::{Named, load_all};
use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::view::{PrintedJob, Unseen};

const LOOK: Duration = Duration::from_millis(250);
/// Maximum number of concurrent loads.
const AT_ONCE: usize = 64;

pub(crate) async fn run(
    config: &Config,
    jobs: Vec<Named>,
    timeout: Option<Duration>,
    output: &Output,
) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let known = load_all(ledger.as_ref(), &jobs, AT_ONCE).await?;
    for (job, _) in jobs.iter().zip(known).filter(|(_, stored)| stored.is_none()) {
        output.complain(&format!("{}; waiting for it", job.unseen()));
    }
    until_done(ledger, jobs, timeout, output).await
}

/// Prints each job when it ends. Returns 3 if one did not succeed, 5 if one did not end in time.
pub(crate) async fn until_done(
    ledger: Arc<dyn Ledger>,
    mut jobs: Vec<Named>,
    timeout: Option<Duration>,
    output: &Output,
) -> Result<ExitCode, Error> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let bar = output.progress(jobs.len() as u64, "waiting");
    let mut all_succeeded = true;
    loop {
        let mut ended = ended(&ledger, &jobs).await?.into_iter();
        jobs.retain(|job| match ended.next().flatten() {
            Some(record) if job.conflicts_with(&record) => {
                all_succeeded = false;
                bar.suspend(|| print_conflict(&record, output));
                bar.inc(1);
                false
            }
            Some(record) => {
                all_succeeded &= succeeded(&record);
                let view = PrintedJob::of(&record);
                bar.suspend(|| output.result(&view, || view.words()));
                bar.inc(1);
                false
            }
            None => true,
        });
        if jobs.is_empty() {
            bar.finish_and_clear();
            return Ok(if all_succeeded { ExitCode::Ok } else { ExitCode::JobFailed });
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            bar.finish_and_clear();
            return timed_out(&ledger, &jobs, output).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// For each job in order, its record if it has ended.
async fn ended(
    ledger: &Arc<dyn Ledger>,
    jobs: &[Named],
) -> Result<Vec<Option<Record>>, LedgerError> {
    let loaded = load_all(ledger.as_ref(), jobs, AT_ONCE).await?;
    let over = |(job, stored): (&Named, Option<Stored>)| {
        let record = stored?.record;
        (record.state.is_final() || job.conflicts_with(&record)).then_some(record)
    };
    Ok(jobs.iter().zip(loaded).map(over).collect())
}

/// The result belongs to another job.
fn print_conflict(record: &Record, output: &Output) {
    let id = &record.key.id;
    output.result(&Unseen::conflict(&record.key), || format!("{id}  conflict"));
    output.complain(&format!(
        "{id} belongs to another request, which stands: give this one an id of its own"
    ));
}

fn succeeded(record: &Record) -> bool {
    matches!(&record.state, State::Settled { outcome: Outcome::Succeeded { .. }, .. })
}

/// Reports the state of the jobs that have not ended. For ids without a record it is not known
/// whether waiting helps.
async fn timed_out(
    ledger: &Arc<dyn Ledger>,
    jobs: &[Named],
    output: &Output,
) -> Result<ExitCode, Error> {
    let mut any_known = false;
    for job in jobs {
        any_known |= job.was_published();
        match job.load(ledger.as_ref()).await? {
            Some(stored) => {
                any_known = true;
                let view = PrintedJob::of(&stored.record);
                output.result(&view, || view.words());
            }
            None => output
                .result(&Unseen::of(job.key()), || format!("{}  queued or unknown", job.key().id)),
        }
    }
    output.complain(&format!("timed out waiting for {} of the jobs", jobs.len()));
    Ok(if any_known { ExitCode::TimedOut } else { ExitCode::NotFound })
}
