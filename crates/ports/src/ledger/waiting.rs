//! Jobs that wait for a slot, and the order in which they get one.

use std::time::Duration;

use async_trait::async_trait;
use job::JobKey;

use super::{Fence, LedgerError};
use crate::{Entered, GrantTerms, Granted, Place, RoomBounds, TenantWaiting, Waiter};

/// The waiting room of each pool. A job in it waits until its slots are granted. The grant is under
/// a lease until it is confirmed: by then the job's record shows that it is submitted. Tenants are
/// served by [fair shares](job::FairShare), the jobs of a tenant and priority in the order of
/// [`Waiter::since`].
#[async_trait]
pub trait WaitingRoom: Send + Sync + 'static {
    /// In the order of the waiters. One that is in the room keeps its place.
    async fn enter(
        &self,
        fence: &Fence,
        waiters: &[Waiter],
        bounds: &RoomBounds,
    ) -> Result<Vec<Entered>, LedgerError>;

    /// Grants free slots of the pool to at most `most` waiting jobs.
    async fn grant(
        &self,
        fence: &Fence,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Result<Granted, LedgerError>;

    /// Ends the leases of these grants: their jobs are submitted. The slots stay theirs.
    async fn confirm(
        &self,
        fence: &Fence,
        pool: &str,
        jobs: &[(JobKey, u32)],
    ) -> Result<(), LedgerError>;

    /// Takes the slots of these jobs back, whether granted or confirmed, and has them wait again,
    /// beyond any bound. The charge stays, and the next grant is charged again. Nothing was sent for
    /// them.
    async fn wait_again(&self, fence: &Fence, waiters: &[Waiter]) -> Result<(), LedgerError>;

    /// Jobs that will not be submitted. Grants stay.
    async fn withdraw(
        &self,
        fence: &Fence,
        pool: &str,
        jobs: &[(JobKey, u32)],
    ) -> Result<(), LedgerError>;

    /// Grants whose lease has ended: the worker that got them may be gone.
    async fn overdue_grants(&self, pool: &str) -> Result<Vec<Waiter>, LedgerError>;

    /// `None` for a job that does not wait.
    async fn place(
        &self,
        pool: &str,
        key: &JobKey,
        round: u32,
    ) -> Result<Option<Place>, LedgerError>;

    /// The tenants with waiting jobs, those that are served next first; at most `most`.
    async fn waiting(&self, pool: &str, most: usize) -> Result<Vec<TenantWaiting>, LedgerError>;

    /// Waits until slots may have become free for waiting jobs since the answer `seen`, at most so
    /// long, and answers with a number for the next call (the first is 0). It may return early; a
    /// store that cannot be reached may miss one, so the caller also looks from time to time.
    async fn slots_freed(&self, seen: u64, most: Duration) -> Result<u64, LedgerError>;
}
