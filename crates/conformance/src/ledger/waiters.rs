//! Jobs that wait, for the cases of the waiting room.

use std::time::Duration;

use job::{JobId, JobKey, Priority, Tenant};
use ports::{Fence, GrantTerms, Granted, Ledger, Limits, Permit, PermitReturn, Place, Waiter};

use super::fixture::*;

pub(super) const POOL: &str = "default:videos";

/// The `nth` job of a tenant: of normal priority, for one slot.
pub(super) fn waiter(tenant: &str, nth: u32) -> Waiter {
    let id = JobId::new(format!("{tenant}-{nth}")).unwrap();
    let key = JobKey::new(Tenant::new(tenant).unwrap(), id);
    Waiter {
        permit: Permit { pool: POOL.to_owned(), key, round: 1, weight: 1, revision: 3 },
        priority: Priority::Normal,
        since: CREATED + Duration::from_millis(nth.into()),
        cost: 60_000,
    }
}

/// The same job as of a revision.
pub(super) fn at(revision: u64, waiter: &Waiter) -> Waiter {
    Waiter { permit: Permit { revision, ..waiter.permit.clone() }, ..waiter.clone() }
}

pub(super) fn wide(weight: u32, waiter: Waiter) -> Waiter {
    Waiter { permit: Permit { weight, ..waiter.permit }, ..waiter }
}

pub(super) fn permits_of(waiters: &[Waiter]) -> Vec<Permit> {
    waiters.iter().map(|waiter| waiter.permit.clone()).collect()
}

pub(super) fn slots(concurrency: u32) -> GrantTerms {
    Limits::slots(concurrency).into()
}

pub(super) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

pub(super) async fn enter(ledger: &dyn Ledger, fence: &Fence, waiters: &[Waiter]) {
    ledger.enter(fence, waiters).await.unwrap();
}

pub(super) async fn grant(
    ledger: &dyn Ledger,
    fence: &Fence,
    terms: &GrantTerms,
    most: usize,
) -> Granted {
    ledger.grant(fence, POOL, terms, most, LONG).await.unwrap()
}

pub(super) fn ids(jobs: &[Waiter]) -> Vec<&str> {
    jobs.iter().map(|job| job.permit.key.id.as_str()).collect()
}

pub(super) async fn used(ledger: &dyn Ledger) -> u32 {
    ledger.usage(POOL).await.unwrap().used
}

/// Its task has ended.
pub(super) async fn end(ledger: &dyn Ledger, fence: &Fence, waiter: &Waiter) {
    let Permit { pool, key, round, revision, .. } = waiter.permit.clone();
    let revision = revision + 2;
    let back = PermitReturn { pool, key, round, revision, since: None, unspent: false };
    ledger.give_permits(fence, &[back]).await.unwrap();
}

pub(super) async fn place(ledger: &dyn Ledger, waiter: &Waiter) -> Option<Place> {
    ledger.place(POOL, &waiter.permit.key, waiter.permit.round).await.unwrap()
}
