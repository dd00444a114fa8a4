//! Grants that nobody used: the worker that got them may be gone.

use job::Fact;
use ports::LedgerError;

use super::granted::GrantedJob;
use super::{Grants, LOOK};
use crate::error::Error;

impl Grants {
    /// Beside the submitting of jobs, which may take long.
    pub(super) async fn free_on(&self) {
        while !self.stop.is_cancelled() {
            if let Err(error) = self.free_overdue().await {
                tracing::debug!(%error, pool = %self.pool, "overdue grants are not known");
            }
            self.pause(LOOK).await;
        }
    }

    async fn free_overdue(&self) -> Result<(), LedgerError> {
        let Some(fence) = self.fence_if_open() else { return Ok(()) };
        for waiter in self.shared.ledger.overdue_grants(&self.pool).await? {
            let job = self.granted(fence.clone(), waiter, None);
            // An error of one job must not keep the slots of others.
            if let Err(error) = job.free().await {
                tracing::warn!(job = %job.waiter.permit.key, %error, "a grant is not freed yet");
            }
        }
        Ok(())
    }
}

impl GrantedJob {
    /// The record is changed first: whoever was granted the slots cannot submit it any more then.
    async fn free(&self) -> Result<(), Error> {
        let Some(stored) = self.look().await? else { return Ok(()) };
        let why = "the worker that was granted its slot did not use it".to_owned();
        self.conclude(stored, Fact::NoSlot { why }).await
    }
}
