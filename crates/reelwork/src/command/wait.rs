mod no_worker;
mod progress;

use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{Outcome, Record, State, StateKind};
use ports::{Ledger, LedgerError};
use tokio::time::Instant;

use self::no_worker::{NO_WORKER, NoWorker};
use self::progress::{Progress, Running};
use super::named::{Named, load_all};
use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::view::{PrintedJob, QUEUED_OR_UNKNOWN, Unseen};

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
    let (progress, mut no_worker) = (Progress::begin(jobs.len(), output), NoWorker::default());
    let mut all_succeeded = true;
    loop {
        let (mut seen, mut states) = (look(&ledger, &jobs).await?.into_iter(), Vec::new());
        jobs.retain(|job| match seen.next() {
            Some(Seen::Ended(record)) => {
                all_succeeded &= succeeded(&record) && !job.conflicts_with(&record);
                progress.above(|| print(job, &record, output));
                false
            }
            Some(Seen::Running(state)) => {
                states.push(state);
                true
            }
            None => true,
        });
        if jobs.is_empty() {
            return Ok(if all_succeeded { ExitCode::Ok } else { ExitCode::JobFailed });
        }
        let running = jobs.iter().zip(&states);
        let running = running.map(|(job, state)| running_now(job, *state));
        progress.tell(&running.collect::<Vec<_>>());
        if no_worker.is_new(ledger.as_ref(), states.iter().copied().any(is_queued)).await {
            progress.above(|| output.complain(NO_WORKER));
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            drop(progress);
            return timed_out(&ledger, &jobs, output).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

enum Seen {
    /// Or it is that of another request under the same id.
    Ended(Box<Record>),
    /// Without a state: no worker has recorded it.
    Running(Option<StateKind>),
}

/// Each job in order.
async fn look(ledger: &Arc<dyn Ledger>, jobs: &[Named]) -> Result<Vec<Seen>, LedgerError> {
    let loaded = load_all(ledger.as_ref(), jobs, AT_ONCE).await?;
    let seen = jobs.iter().zip(loaded).map(|(job, stored)| match stored {
        Some(stored) if stored.record.state.is_final() || job.conflicts_with(&stored.record) => {
            Seen::Ended(Box::new(stored.record))
        }
        Some(stored) => Seen::Running(Some(stored.record.state.kind())),
        None => Seen::Running(None),
    });
    Ok(seen.collect())
}

fn running_now(job: &Named, state: Option<StateKind>) -> Running<'_> {
    let unseen = if job.was_published() { StateKind::Queued.word() } else { QUEUED_OR_UNKNOWN };
    Running { id: job.key().id.as_str(), state: state.map_or(unseen, StateKind::word) }
}

/// A worker has to take it.
fn is_queued(state: Option<StateKind>) -> bool {
    matches!(state, None | Some(StateKind::Queued | StateKind::Waiting))
}

fn print(job: &Named, record: &Record, output: &Output) {
    if job.conflicts_with(record) {
        return print_conflict(record, output);
    }
    let view = PrintedJob::of(record);
    output.result(&view, || view.words());
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
            None => output.result(&Unseen::of(job.key()), || {
                format!("{}  {QUEUED_OR_UNKNOWN}", job.key().id)
            }),
        }
    }
    output.complain(&format!("timed out waiting for {} of the jobs", jobs.len()));
    Ok(if any_known { ExitCode::TimedOut } else { ExitCode::NotFound })
}
