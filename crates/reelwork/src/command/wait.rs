use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, ExitCode};
use futures::StreamExt;
use job::{JobKey, Outcome, Record, State};
use ports::{Ledger, LedgerError};
use tokio::time::Instant;

use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::{JobView, Unseen};

const LOOK: Duration = Duration::from_millis(250);
/// Loads under way at once.
const AT_ONCE: usize = 64;

pub(crate) async fn run(
    config: &Config,
    keys: Vec<JobKey>,
    timeout: Option<Duration>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let ledger = Doors::open_ledger(config).await?;
    until_done(ledger, keys, timeout, output).await
}

/// Prints each job as it ends. 3 when one did not succeed, 5 when some had not ended in time.
pub(crate) async fn until_done(
    ledger: Arc<dyn Ledger>,
    mut keys: Vec<JobKey>,
    timeout: Option<Duration>,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let bar = output.progress(keys.len() as u64, "waiting");
    let mut all_succeeded = true;
    loop {
        let mut ended = ended(&ledger, &keys).await?;
        keys.retain(|key| match ended.remove(key) {
            Some(record) => {
                all_succeeded &= succeeded(&record);
                let view = JobView::of(&record);
                bar.suspend(|| output.result(&view, || view.words()));
                bar.inc(1);
                false
            }
            None => true,
        });
        if keys.is_empty() {
            bar.finish_and_clear();
            return Ok(if all_succeeded { ExitCode::Ok } else { ExitCode::JobFailed });
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            bar.finish_and_clear();
            return timed_out(&ledger, &keys, output).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn ended(
    ledger: &Arc<dyn Ledger>,
    keys: &[JobKey],
) -> Result<HashMap<JobKey, Record>, LedgerError> {
    let loads = futures::stream::iter(keys).map(|key| ledger.load(key)).buffer_unordered(AT_ONCE);
    let loaded: Vec<_> = loads.collect().await;
    let mut ended = HashMap::new();
    for stored in loaded {
        if let Some(stored) = stored?.filter(|stored| stored.record.state.is_final()) {
            ended.insert(stored.record.key.clone(), stored.record);
        }
    }
    Ok(ended)
}

fn succeeded(record: &Record) -> bool {
    matches!(&record.state, State::Settled { outcome: Outcome::Succeeded { .. }, .. })
}

/// Tells where those that have not ended are.
async fn timed_out(
    ledger: &Arc<dyn Ledger>,
    keys: &[JobKey],
    output: &Output,
) -> Result<ExitCode, Failure> {
    for key in keys {
        match ledger.load(key).await? {
            Some(stored) => {
                let view = JobView::of(&stored.record);
                output.result(&view, || view.words());
            }
            None => output.result(&Unseen::of(key), || format!("{}  queued or unknown", key.id)),
        }
    }
    output.complain(&format!("timed out waiting for {} of the jobs", keys.len()));
    Ok(ExitCode::TimedOut)
}
