//! Notices changes of jobs, for all clients of a process that wait for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::JobKey;
use ports::{Ledger, LedgerError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The shortest time between two looks at a job.
const LOOK: Duration = Duration::from_millis(250);

/// Looks of one process: with more clients, each job is looked at less often.
const LOOKS_A_SECOND: u32 = 5_000;

/// Jobs that are looked at with one call.
const TOGETHER: usize = 500;

type Revision = Option<u64>;

/// The jobs that clients wait for, with the revision that was seen last.
#[derive(Default)]
struct Waiting {
    jobs: Mutex<HashMap<JobKey, watch::Sender<Revision>>>,
    one_more: Notify,
}

pub(super) struct Watch {
    waiting: Arc<Waiting>,
    _stop: DropGuard,
}

impl Watch {
    /// Runs until it is dropped.
    pub(super) fn start(ledger: Arc<dyn Ledger>) -> Self {
        let (waiting, stop) = (Arc::new(Waiting::default()), CancellationToken::new());
        let (looking, stopped) = (waiting.clone(), stop.clone());
        tokio::spawn(async move { stopped.run_until_cancelled(looking.look(ledger)).await });
        Self { waiting, _stop: stop.drop_guard() }
    }

    /// Returns once the job has another revision than this one. `None`: it has no record.
    pub(super) async fn changed(&self, key: &JobKey, from: Revision) {
        let mut seen = self.waiting.subscribe(key, from);
        // An error: the process ends.
        let _ = seen.wait_for(|now| *now != from).await;
    }
}

impl Waiting {
    fn subscribe(&self, key: &JobKey, from: Revision) -> watch::Receiver<Revision> {
        let mut jobs = self.lock();
        let job = jobs.entry(key.clone()).or_insert_with(|| watch::Sender::new(from));
        // What this client has seen is not news for it.
        job.send_if_modified(|seen| *seen < from && std::mem::replace(seen, from) < from);
        let seen = job.subscribe();
        self.one_more.notify_one();
        seen
    }

    async fn look(&self, ledger: Arc<dyn Ledger>) {
        let mut failed = false;
        loop {
            let keys = self.keys();
            if keys.is_empty() {
                self.one_more.notified().await;
                continue;
            }
            let mut problem = None;
            for some in keys.chunks(TOGETHER) {
                problem = self.look_at(ledger.as_ref(), some).await.err().or(problem);
            }
            if let Some(why) = problem.as_ref().filter(|_| !failed) {
                tracing::warn!(%why, "clients that wait for jobs wait longer");
            }
            failed = problem.is_some();
            tokio::time::sleep(rest(keys.len())).await;
        }
    }

    async fn look_at(&self, ledger: &dyn Ledger, keys: &[JobKey]) -> Result<(), LedgerError> {
        let revisions = ledger.revisions(keys).await?;
        let jobs = self.lock();
        for (key, revision) in keys.iter().zip(revisions) {
            if let Some(job) = jobs.get(key) {
                job.send_if_modified(|seen| std::mem::replace(seen, revision) != revision);
            }
        }
        Ok(())
    }

    /// Those for which a client still waits.
    fn keys(&self) -> Vec<JobKey> {
        let mut jobs = self.lock();
        jobs.retain(|_, job| job.receiver_count() > 0);
        jobs.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobKey, watch::Sender<Revision>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rest(jobs: usize) -> Duration {
    let needed = u32::try_from(jobs).unwrap_or(u32::MAX);
    LOOK.max(Duration::from_secs(1) * needed / LOOKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use job::JobId;

    use super::*;

    #[tokio::test]
    async fn what_a_client_has_seen_is_no_news_for_it() {
        let key = JobKey::new(job::Tenant::default(), JobId::new("a").unwrap());
        let waiting = Waiting::default();
        let mut before = waiting.subscribe(&key, Some(5));
        let mut later = waiting.subscribe(&key, Some(6));
        assert!(later.wait_for(|now| *now != Some(6)).now_or_never().is_none(), "nothing is newer");
        assert_eq!(*before.wait_for(|now| *now != Some(5)).await.unwrap(), Some(6));
        let mut behind = waiting.subscribe(&key, None);
        assert_eq!(*behind.wait_for(Option::is_some).await.unwrap(), Some(6));
    }

    #[test]
    fn many_jobs_are_looked_at_less_often() {
        assert_eq!(rest(1), LOOK);
        assert_eq!(rest(1_250), LOOK);
        assert_eq!(rest(10_000), Duration::from_secs(2));
    }
}
