//! A job as it is later.

use std::time::Duration;

use job::{Acceptance, JobKey};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::{Awaited, Jobs, Known};
use crate::refusal::Refusal;

impl Known {
    pub(crate) fn of_acceptance(key: JobKey, acceptance: Acceptance) -> Self {
        Self::Accepted(Awaited { key, acceptance, behind: None })
    }

    pub(crate) fn key(&self) -> &JobKey {
        match self {
            Self::Record(record) => &record.key,
            Self::Accepted(awaited) => &awaited.key,
        }
    }

    /// It is settled or parked.
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Record(record) => record.state.is_final(),
            Self::Accepted(_) => false,
        }
    }

    /// Of the record under its key.
    fn revision(&self) -> Option<u64> {
        match self {
            Self::Record(record) => Some(record.revision),
            Self::Accepted(awaited) => awaited.behind,
        }
    }
}

impl Jobs {
    /// Leave to wait. So that clients that wait leave connections to others, there are only so many.
    pub(crate) fn may_follow(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.waits.clone().try_acquire_owned().map_err(|_| Refusal::TooMany)
    }

    /// The job once it has ended, or as it was last seen: what is accepted stays accepted if it cannot
    /// be read later. `name`: what the API calls an id.
    pub(crate) async fn until_ended(
        &self,
        mut known: Known,
        name: &'static str,
        time: Duration,
    ) -> Known {
        let deadline = Instant::now() + time;
        while !known.has_ended() {
            match self.changed(&known, name, deadline).await {
                Some(later) => known = later,
                None => break,
            }
        }
        known
    }

    /// The job once it has changed. `None`: not until then, it cannot be read, or the gateway drains.
    pub(crate) async fn changed(
        &self,
        known: &Known,
        name: &'static str,
        deadline: Instant,
    ) -> Option<Known> {
        tokio::select! {
            () = self.watch.changed(known.key(), known.revision()) => {}
            () = tokio::time::sleep_until(deadline) => return None,
            () = self.draining.cancelled() => return None,
        }
        self.find(known.key(), None, name).await.ok()
    }
}
