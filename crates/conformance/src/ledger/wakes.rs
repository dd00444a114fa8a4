//! What wakes those that grant slots.

use std::sync::Arc;
use std::time::Duration;

use job::WaitingCount;
use ports::{GrantTerms, Ledger, Permit, Permitted};
use tokio::task::JoinHandle;

use super::fixture::*;
use super::waiters::*;

/// The first answers may be for jobs that have just come.
pub(super) fn woken_often(ledger: &Arc<dyn Ledger>) -> JoinHandle<()> {
    let ledger = ledger.clone();
    tokio::spawn(async move {
        let mut seen = 0;
        for _ in 0..3 {
            seen = ledger.slots_freed(seen, LONG).await.unwrap();
        }
    })
}

pub async fn a_freed_slot_wakes_waiters(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..2_000).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let woken = woken_often(&ledger);
    until("three wake-ups", async || {
        let granted = grant(&*ledger, &fence, &slots(1), 1).await.jobs;
        end(&*ledger, &fence, &granted[0]).await;
        woken.is_finished()
    })
    .await;
}

pub async fn a_wide_job_that_leaves_wakes_waiters(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let heads: Vec<_> = (0..2_000).map(|nth| wide(9, waiter("a", nth))).collect();
    enter(&*ledger, &fence, &heads).await;
    let (woken, mut heads) = (woken_often(&ledger), heads.iter());
    until("three wake-ups", async || {
        let head = heads.next().unwrap().permit.clone();
        ledger.withdraw(&fence, &[head]).await.unwrap();
        woken.is_finished()
    })
    .await;
}

/// More slots are held than exist, as after a rebuild, and their holders ask one after the other.
pub async fn slots_given_back_by_a_request_wake_waiters(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let first = waiter("a", 0);
    enter(&*ledger, &fence, std::slice::from_ref(&first)).await;
    let granted = ledger.grant(&fence, POOL, &slots(1), 1, Duration::ZERO).await.unwrap().jobs;
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), granted);
    let held: Vec<_> = (0..1_000).map(|nth| waiter("b", nth).permit).collect();
    for permit in &held {
        ledger.take_permit(&fence, permit, &GrantTerms::default()).await.unwrap();
    }
    enter(&*ledger, &fence, &[waiter("c", 0)]).await;
    let again = at(5, &first).permit;
    let answer = ledger.take_permit(&fence, &again, &slots(1)).await.unwrap();
    let waiting = WaitingCount { of_pool: 1, of_tenant: 0 };
    assert_eq!(answer, Permitted::AtLimit { used: 1_000, slots: 1, waiting });
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), [], "its grant is over too");
    let (woken, mut held) = (woken_often(&ledger), held.into_iter());
    until("three wake-ups", async || {
        let permit = Permit { revision: 5, ..held.next().unwrap() };
        ledger.take_permit(&fence, &permit, &slots(1)).await.unwrap();
        woken.is_finished()
    })
    .await;
}
