//! A job as it is later.

use std::time::Duration;

use job::JobKey;
use tokio::time::Instant;

use super::{Jobs, Known};
use crate::refusal::Refusal;

impl Known {
    pub(crate) fn key(&self) -> &JobKey {
        match self {
            Self::Record(record) => &record.key,
            Self::Accepted(key, _) => key,
        }
    }

    /// It is settled or parked.
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Record(record) => record.state.is_final(),
            Self::Accepted(..) => false,
        }
    }

    /// Of its record.
    fn revision(&self) -> Option<u64> {
        match self {
            Self::Record(record) => Some(record.revision),
            Self::Accepted(..) => None,
        }
    }
}

impl Jobs {
    /// Returns the job once it has ended, or as it is after this time. `name`: what the API calls an id.
    pub(crate) async fn until_ended(
        &self,
        mut known: Known,
        name: &'static str,
        time: Duration,
    ) -> Result<Known, Refusal> {
        let deadline = Instant::now() + time;
        while !known.has_ended() && self.changed(&known, deadline).await {
            known = self.find(known.key(), None, name).await?;
        }
        Ok(known)
    }

    /// Returns the job once it has changed, or as it is after this time.
    pub(crate) async fn until_changed(
        &self,
        known: Known,
        name: &'static str,
        time: Duration,
    ) -> Result<Known, Refusal> {
        match !known.has_ended() && self.changed(&known, Instant::now() + time).await {
            true => self.find(known.key(), None, name).await,
            false => Ok(known),
        }
    }

    /// `false`: not until then, or the gateway drains.
    async fn changed(&self, known: &Known, deadline: Instant) -> bool {
        tokio::select! {
            () = self.watch.changed(known.key(), known.revision()) => true,
            () = tokio::time::sleep_until(deadline) => false,
            () = self.draining.cancelled() => false,
        }
    }
}
