//! Jobs that wait for a slot, and the order in which they get one.

use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Tenant, WaitingCount};

use super::{Fence, LedgerError};
use crate::{GrantTerms, Granted, Permit, Place, TenantWaiting, Waiter};

/// The waiting room of each pool. A job in it waits until its slots are granted. The grant is under
/// a lease until it is confirmed: by then the job's record shows that it is submitted. Tenants are
/// served by [fair shares](job::FairShare), the jobs of a tenant and priority in the order of
/// [`Waiter::since`].
///
/// The record decides, and the room is an index of records: [`Permit::revision`] is the revision at
/// which a record said that it waits, and what is asked for an earlier one changes nothing later.
#[async_trait]
pub trait WaitingRoom: Send + Sync + 'static {
    /// These jobs wait as of the revisions of their permits. One that waits or was granted its
    /// slots at that revision or later stays as it is; an earlier place or grant is replaced.
    /// Slots that it holds stay: they are given back with [`Permits`](super::Permits).
    async fn enter(&self, fence: &Fence, waiters: &[Waiter]) -> Result<(), LedgerError>;

    /// Grants free slots of the pool to at most `most` waiting jobs.
    async fn grant(
        &self,
        fence: &Fence,
        pool: &str,
        terms: &GrantTerms,
        most: usize,
        lease: Duration,
    ) -> Result<Granted, LedgerError>;

    /// Ends the leases of grants up to the revisions of these permits: their jobs are submitted. The
    /// slots stay theirs.
    async fn confirm(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError>;

    /// Jobs that wait no more as of the revisions of these permits. Grants and slots stay.
    async fn withdraw(&self, fence: &Fence, permits: &[Permit]) -> Result<(), LedgerError>;

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

    /// The waiting jobs of a tenant, by priority and then in their order; at most `most`.
    async fn waiters(
        &self,
        pool: &str,
        tenant: &Tenant,
        most: usize,
    ) -> Result<Vec<Waiter>, LedgerError>;

    async fn count_waiting(&self, pool: &str, tenant: &Tenant)
    -> Result<WaitingCount, LedgerError>;

    /// Waits until slots may have become free for waiting jobs since the answer `seen`, at most so
    /// long, and answers with a number for the next call (the first is 0). It may return early; a
    /// store that cannot be reached may miss one, so the caller also looks from time to time.
    async fn slots_freed(&self, seen: u64, most: Duration) -> Result<u64, LedgerError>;
}
