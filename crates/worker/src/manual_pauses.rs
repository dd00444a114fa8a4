//! What this worker knows of the pauses by hand. One task reads them for all lanes; decisions about
//! jobs use what was read last.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{Held, HeldPlace, Job, ManualPause, PauseScope, RetryDelay, Tenant, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// A request is sent only if the pauses were read at most so long ago: a pause holds everywhere
/// after this time.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(1);
/// So that what is known does not become old while the intent is written.
const RECENT: Duration = Duration::from_millis(800);
/// How long a job waits until they are read.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) const UNKNOWN: &str = "the pauses by hand could not be read in time";

#[derive(Default)]
pub(crate) struct ManualPauses {
    known: Mutex<Known>,
    /// Wakes in the order of waiting, so that a simulation can be repeated.
    read: Notify,
    changed: Notify,
}

#[derive(Default)]
struct Known {
    pauses: Arc<[ManualPause]>,
    /// When the call began that read them. They stay known if later calls fail.
    read_at: Option<Instant>,
}

impl ManualPauses {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Also those that have ended since.
    pub(crate) fn known(&self) -> Arc<[ManualPause]> {
        self.lock().pauses.clone()
    }

    pub(crate) fn in_force(&self, now: Timestamp) -> Vec<ManualPause> {
        self.known().iter().filter(|pause| pause.is_in_force(now)).cloned().collect()
    }

    /// `began`: when the call began.
    pub(crate) fn were_read(&self, pauses: Vec<ManualPause>, began: Instant) {
        *self.lock() = Known { pauses: pauses.into(), read_at: Some(began) };
        self.read.notify_waiters();
    }

    /// A pause has begun or ended.
    pub(crate) fn have_changed(&self) {
        self.changed.notify_waiters();
    }

    pub(crate) async fn change(&self) {
        self.changed.notified().await;
    }

    fn were_read_within(&self, time: Duration) -> bool {
        self.lock().read_at.is_some_and(|at| at.elapsed() <= time)
    }

    /// Why this job may not be sent. Only what is in memory: right before a request.
    pub(crate) fn why_not(&self, job: &Job, now: Timestamp) -> Option<String> {
        match self.held(job, now) {
            Some(held) => Some(held.why),
            None => (!self.were_read_within(KNOWN_FOR)).then(|| UNKNOWN.to_owned()),
        }
    }

    /// Waits until they were read recently, which they nearly always were.
    pub(crate) async fn held_by(&self, job: &Job, now: impl Fn() -> Timestamp) -> Option<Held> {
        let known = self.were_read_within(RECENT) || timeout(PATIENCE, self.recent()).await.is_ok();
        self.held(job, now()).or_else(|| (!known).then(unknown))
    }

    async fn recent(&self) {
        loop {
            let mut read = std::pin::pin!(self.read.notified());
            // Before it is looked at: a reading in between must not be missed.
            read.as_mut().enable();
            if self.were_read_within(RECENT) {
                return;
            }
            read.await;
        }
    }

    fn held(&self, job: &Job, now: Timestamp) -> Option<Held> {
        job::held(&self.known(), &job.key.tenant, &job.operation, now)
    }

    /// Tenants that are granted no slots.
    pub(crate) fn tenants(&self, now: Timestamp) -> BTreeSet<Tenant> {
        let tenant = |pause: ManualPause| match pause.scope {
            PauseScope::Tenant(tenant) => Some(tenant),
            PauseScope::Account | PauseScope::Pool(_) | PauseScope::Operation(_) => None,
        };
        self.in_force(now).into_iter().filter_map(tenant).collect()
    }
}

fn unknown() -> Held {
    Held { place: HeldPlace::Lane, why: UNKNOWN.to_owned(), after: RetryDelay::OneSecond }
}

#[cfg(test)]
mod tests;
