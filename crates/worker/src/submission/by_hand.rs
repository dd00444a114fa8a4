//! Whether a pause by hand holds the job.

use job::{Held, HeldPlace};
use ports::Permit;

use super::Submission;
use crate::intake::NotNow;

impl Submission<'_> {
    pub(super) async fn not_held(&self) -> Result<(), NotNow> {
        let (shared, job) = (self.shared, &self.decoded.job);
        let held = shared.manual_pauses.held_by(job, || shared.clock.now()).await;
        let Some(Held { place, why, after }) = held else { return Ok(()) };
        Err(match place {
            HeldPlace::Lane => NotNow::Lane { why },
            // Not to an overflow queue: there, other tenants would wait behind it.
            HeldPlace::WaitingRoom if self.finds_no_place().await => NotNow::Job { why, after },
            HeldPlace::WaitingRoom => NotNow::Tenant { why, after },
            HeldPlace::DelayQueue => NotNow::Job { why, after },
        })
    }

    /// `false` also if that could not be read: the job then waits where it is easily found.
    pub(crate) async fn finds_no_place(&self) -> bool {
        let Some(resource) = self.decoded.job.operation.resource() else { return false };
        let pool = Permit::pool_of(&self.shared.settings.account, resource);
        let tenant = &self.decoded.job.key.tenant;
        let waiting = self.shared.ledger.count_waiting(&pool, tenant).await;
        let room = self.shared.settings.room(resource);
        waiting.is_ok_and(|waiting| !room.admits_new(waiting))
    }
}
