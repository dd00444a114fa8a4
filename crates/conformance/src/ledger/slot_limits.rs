//! How many slots of a pool are used, as found from what the provider refuses.

use std::sync::Arc;
use std::time::Duration;

use job::{Overload, OverloadCause, Priority, SlotLimit, SlotRange, WaitingCount};
use ports::{GrantTerms, Ledger, LedgerError, Left, Limits, Permitted, Waiter};

use super::fixture::*;
use super::waiters::*;
use super::wakes::woken_often;

const RANGE: SlotRange = SlotRange { floor: 1, begin: 4, ceiling: 9 };

fn limit_of(slots: u32) -> SlotLimit {
    SlotLimit::begin(SlotRange { begin: slots, ..RANGE }, CREATED)
}

/// The present limit is replaced.
async fn set(ledger: &dyn Ledger, limit: &SlotLimit) {
    let (fence, found) = (member(ledger).await, ledger.pool_slots(POOL).await.unwrap());
    assert!(ledger.change_slot_limit(&fence, POOL, limit, found.version).await.unwrap());
}

pub async fn a_slot_limit_is_changed_by_one_of_many(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let found = ledger.pool_slots(POOL).await.unwrap();
    assert_eq!((found.limit, found.version, found.used), (None, 0, 0));
    let change = async |slots, version| {
        ledger.change_slot_limit(&fence, POOL, &limit_of(slots), version).await.unwrap()
    };
    assert!(!change(3, 1).await, "there is none yet");
    assert!(change(3, 0).await);
    assert!(!change(4, 0).await, "another was first");
    assert!(change(5, 1).await);
    ledger.take_permit(&fence, &waiter("a", 0).permit, &slots(9)).await.unwrap();
    let found = ledger.pool_slots(POOL).await.unwrap();
    assert_eq!((found.limit, found.version, found.used), (Some(limit_of(5)), 2, 1));
    assert!(found.now > CREATED);
    let other = ledger.pool_slots("default:audio").await.unwrap();
    assert_eq!((other.limit, other.version), (None, 0), "of this pool alone");
    ledger.leave(&fence).await.unwrap();
    let late = ledger.change_slot_limit(&fence, POOL, &limit_of(1), 2).await;
    assert!(matches!(late, Err(LedgerError::Fenced)), "{late:?}");
}

pub async fn no_more_slots_are_granted_than_were_found(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    set(&*ledger, &limit_of(2)).await;
    let take =
        async |nth| ledger.take_permit(&fence, &waiter("b", nth).permit, &slots(9)).await.unwrap();
    assert_eq!(take(0).await, Permitted::Granted);
    assert_eq!(take(1).await, Permitted::Granted);
    let full = Permitted::AtLimit { used: 2, slots: 2, waiting: WaitingCount::default() };
    assert_eq!(take(2).await, full);
    enter(&*ledger, &fence, &[0, 1, 2].map(|nth| waiter("a", nth))).await;
    assert_eq!(grant(&*ledger, &fence, &slots(9), 9).await.left, Left::NoSlot);
    set(&*ledger, &limit_of(4)).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-0", "a-1"], Left::NoSlot));
    set(&*ledger, &limit_of(1)).await;
    assert_eq!(
        take(0).await,
        Permitted::AtLimit {
            used: 4,
            slots: 1,
            waiting: WaitingCount { of_pool: 1, of_tenant: 0 },
        },
        "and what is held stays"
    );
    assert_eq!(used(&*ledger).await, 4);
    set(&*ledger, &limit_of(9)).await;
    let granted = grant(&*ledger, &fence, &slots(4), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec![], Left::NoSlot), "4 are configured now");
}

pub async fn slots_begin_where_nothing_was_found(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let limits = Limits { begin: 2, ..Limits::slots(9) };
    let terms = GrantTerms::from(limits);
    enter(&*ledger, &fence, &[0, 1, 2].map(|nth| waiter("a", nth))).await;
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-0", "a-1"], Left::NoSlot));
    set(&*ledger, &limit_of(3)).await;
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["a-2"]);
}

pub async fn a_pause_of_the_provider_holds_for_all(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let now = ledger.pool_slots(POOL).await.unwrap().now;
    let pause = |time| {
        let overload = Overload {
            cause: OverloadCause::Requests,
            retry_after: Some(time),
            used: 9,
            again: false,
        };
        limit_of(9).refused(RANGE, overload, now)
    };
    let first = waiter("b", 0).permit;
    ledger.take_permit(&fence, &first, &slots(9)).await.unwrap();
    let long = pause(Duration::from_secs(300));
    set(&*ledger, &long).await;
    let none = WaitingCount::default();
    let paused = Permitted::AtLimit { used: 1, slots: 6, waiting: none };
    let other = waiter("b", 1).permit;
    assert_eq!(ledger.take_permit(&fence, &other, &slots(9)).await.unwrap(), paused);
    let again = ledger.take_permit(&fence, &first, &slots(9)).await.unwrap();
    assert_eq!(again, Permitted::Granted, "it has its slot");
    let unlimited = ledger.take_permit(&fence, &other, &slots(0)).await.unwrap();
    assert_eq!(unlimited, Permitted::Granted, "without a limit none is stored");
    enter(&*ledger, &fence, &[waiter("a", 0)]).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!(
        (ids(&granted.jobs), granted.left),
        (vec![], Left::Paused { until: long.paused_until })
    );
    let now = ledger.pool_slots(POOL).await.unwrap().now;
    let mut limit = long;
    limit.paused_until = now + Duration::from_secs(1);
    set(&*ledger, &limit).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!(granted.left, Left::Paused { until: limit.paused_until });
    until("the pause is over", async || {
        ids(&grant(&*ledger, &fence, &slots(9), 9).await.jobs) == ["a-0"]
    })
    .await;
    // Set by a clock that has been set back since.
    limit.paused_until = now + LONG * 20;
    set(&*ledger, &limit).await;
    enter(&*ledger, &fence, &[waiter("a", 1)]).await;
    assert_eq!(ids(&grant(&*ledger, &fence, &slots(9), 9).await.jobs), ["a-1"]);
}

/// Others are served meanwhile.
pub async fn a_job_too_wide_for_the_found_slots_waits_for_more(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    set(&*ledger, &limit_of(2)).await;
    let wide = wide(3, waiter("a", 0));
    enter(&*ledger, &fence, &[wide.clone(), waiter("b", 0)]).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["b-0"], Left::NoSlot));
    assert_eq!(granted.too_wide, [], "it may fit later");
    // So are other jobs of its tenant.
    let other = Waiter { priority: Priority::High, ..super::waiters::wide(4, waiter("a", 1)) };
    enter(&*ledger, &fence, &[other.clone(), waiter("a", 2), waiter("a", 3)]).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-2"], Left::NoSlot));
    for job in [waiter("b", 0), waiter("a", 2)] {
        end(&*ledger, &fence, &job).await;
    }
    set(&*ledger, &limit_of(3)).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!((granted.jobs, granted.left), (vec![wide.clone()], Left::NoSlot));
    end(&*ledger, &fence, &wide).await;
    set(&*ledger, &limit_of(9)).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!(ids(&granted.jobs), ["a-1", "a-3"], "in their order again");
}

pub async fn a_changed_slot_limit_wakes_those_that_wait(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    enter(&*ledger, &fence, &[waiter("a", 0)]).await;
    let woken = woken_often(&ledger);
    until("three wake-ups", async || {
        set(&*ledger, &limit_of(1)).await;
        set(&*ledger, &limit_of(2)).await;
        woken.is_finished()
    })
    .await;
}
