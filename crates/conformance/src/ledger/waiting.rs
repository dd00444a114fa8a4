//! Places in the waiting room, and who gets slots.

use std::collections::BTreeSet;
use std::sync::Arc;

use job::{Priority, Timestamp, WaitingCount};
use ports::{
    GrantTerms, Granted, Ledger, LedgerError, Left, Limits, Permit, Permitted, Place, TenantTerms,
    TenantWaiting, Usage, Waiter,
};

use super::fixture::*;
use super::waiters::*;

pub async fn waiting_jobs_get_slots_in_order(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    // They arrive in another order than they came.
    let jobs = [2, 0, 3, 1].map(|nth| waiter("a", nth));
    enter(&*ledger, &fence, &jobs).await;
    let granted = grant(&*ledger, &fence, &slots(3), 2).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-0", "a-1"], Left::More));
    assert_eq!(granted.jobs[0], waiter("a", 0), "as it came");
    let granted = grant(&*ledger, &fence, &slots(3), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-2"], Left::NoSlot));
    assert_eq!(used(&*ledger).await, 3);
    let held = ledger.permits(POOL).await.unwrap();
    assert!(held.iter().any(|held| held.permit == waiter("a", 0).permit), "{held:?}");
    end(&*ledger, &fence, &waiter("a", 1)).await;
    let granted = grant(&*ledger, &fence, &slots(3), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-3"], Left::Nobody));
    let elsewhere = ledger.grant(&fence, "other", &slots(3), 9, LONG).await.unwrap();
    assert_eq!(elsewhere, Granted { jobs: vec![], too_wide: vec![], left: Left::Nobody });
}

pub async fn waiting_jobs_come_before_others(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let passing = waiter("b", 0).permit;
    let terms = slots(9);
    let take = async || ledger.take_permit(&fence, &passing, &terms).await.unwrap();
    enter(&*ledger, &fence, &[waiter("a", 0)]).await;
    let behind = Usage { used: 0, waiting: 1 };
    let waiting = WaitingCount { of_pool: 1, of_tenant: 0 };
    let full = Permitted::AtLimit { used: 0, slots: 9, waiting };
    assert_eq!(take().await, full, "slots are free, and somebody waits");
    assert_eq!(ledger.usage(POOL).await.unwrap(), behind);
    let other = Permit { pool: "other".to_owned(), ..passing.clone() };
    let elsewhere = ledger.take_permit(&fence, &other, &terms).await.unwrap();
    assert_eq!(elsewhere, Permitted::Granted, "nobody waits there");
    grant(&*ledger, &fence, &slots(9), 1).await;
    assert_eq!(take().await, Permitted::Granted, "nobody waits any more");
    enter(&*ledger, &fence, &[waiter("a", 1)]).await;
    assert_eq!(take().await, Permitted::Granted, "it has them already");
    let third = waiter("c", 0).permit;
    let answer = ledger.take_permit(&fence, &third, &slots(2)).await.unwrap();
    assert_eq!(answer, Permitted::AtLimit { used: 2, slots: 2, waiting });
    let fourth = waiter("a", 9).permit;
    let answer = ledger.take_permit(&fence, &fourth, &slots(2)).await.unwrap();
    let waiting = WaitingCount { of_pool: 1, of_tenant: 1 };
    assert_eq!(
        answer,
        Permitted::AtLimit { used: 2, slots: 2, waiting },
        "one of its tenant waits"
    );
}

pub async fn entering_again_keeps_the_place(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (first, second) = (waiter("a", 0), waiter("a", 1));
    enter(&*ledger, &fence, &[first.clone(), second.clone()]).await;
    let later = Waiter { since: CREATED + LONG, ..first.clone() };
    enter(&*ledger, &fence, &[later.clone(), first.clone()]).await;
    let place_of_second = place(&*ledger, &second).await;
    assert_eq!(place_of_second, Some(Place { ahead: 1, waiting: 2, tenants: 1 }));
    let granted = grant(&*ledger, &fence, &slots(1), 1).await;
    assert_eq!(granted.jobs, [first]);
    enter(&*ledger, &fence, &[later]).await;
    assert_eq!(place(&*ledger, &second).await, Some(Place { ahead: 0, waiting: 1, tenants: 1 }));
    assert_eq!(grant(&*ledger, &fence, &slots(9), 9).await.jobs, [second], "granted once");
}

pub async fn a_wide_job_keeps_its_place_until_it_fits(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let wide = wide(3, waiter("a", 1));
    enter(&*ledger, &fence, &[waiter("a", 0), wide.clone(), waiter("a", 2)]).await;
    let granted = grant(&*ledger, &fence, &slots(3), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-0"], Left::NoSlot));
    end(&*ledger, &fence, &waiter("a", 0)).await;
    assert_eq!(grant(&*ledger, &fence, &slots(3), 9).await.jobs, [wide]);
    assert_eq!(used(&*ledger).await, 3);
}

pub async fn a_job_that_never_fits_leaves_the_room(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (for_pool, for_tenant) = (wide(4, waiter("a", 0)), wide(3, waiter("b", 0)));
    let jobs = [for_pool.clone(), waiter("a", 1), for_tenant.clone(), waiter("b", 1)];
    enter(&*ledger, &fence, &jobs).await;
    let mut terms = slots(3);
    terms
        .tenants
        .insert(tenant("b"), TenantTerms { weight: 1, concurrency: 2, ..TenantTerms::default() });
    let granted = grant(&*ledger, &fence, &terms, 1).await;
    assert_eq!((granted.jobs, granted.too_wide), (vec![], vec![for_pool]), "one step of the call");
    assert_eq!(granted.left, Left::More);
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(granted.too_wide, std::slice::from_ref(&for_tenant));
    assert_eq!(ids(&granted.jobs), ["a-1", "b-1"], "they go on behind it");
    assert_eq!(granted.left, Left::Nobody);
    assert_eq!(ledger.usage(POOL).await.unwrap(), Usage { used: 2, waiting: 0 });
    enter(&*ledger, &fence, std::slice::from_ref(&for_tenant)).await;
    assert_eq!(grant(&*ledger, &fence, &slots(9), 9).await.jobs, [for_tenant], "it may fit later");
}

pub async fn the_days_limit_holds_for_grants(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let limits = Limits { submissions_per_day: 2, ..Limits::slots(9) };
    let terms = GrantTerms { limits, ..GrantTerms::default() };
    let jobs: Vec<_> = (0..3).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(granted.jobs.len(), 2);
    let Left::DayOver { until } = granted.left else { panic!("{:?}", granted.left) };
    assert!(until > Timestamp::EPOCH);
}

pub async fn a_withdrawn_job_is_granted_nothing(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..3).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let gone = permits_of(&[jobs[0].clone(), waiter("b", 7)]);
    ledger.withdraw(&fence, &gone).await.unwrap();
    assert_eq!(place(&*ledger, &jobs[0]).await, None);
    let granted = grant(&*ledger, &fence, &slots(1), 9).await.jobs;
    assert_eq!(granted, jobs[1..2]);
    ledger.withdraw(&fence, &permits_of(&jobs[1..])).await.unwrap();
    assert_eq!(used(&*ledger).await, 1, "a granted one keeps its slot");
    assert_eq!(ledger.waiting(POOL, 9).await.unwrap(), []);
    assert_eq!(ledger.usage(POOL).await.unwrap().waiting, 0);
}

pub async fn waiting_jobs_are_shown_by_tenant(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (name, jobs) in [("a", 3), ("b", 1), ("c", 2)] {
        let waiters: Vec<_> = (0..jobs).map(|nth| waiter(name, nth)).collect();
        enter(&*ledger, &fence, &waiters).await;
    }
    grant(&*ledger, &fence, &slots(1), 1).await;
    let row = |name, waiting, used| TenantWaiting { tenant: tenant(name), waiting, used };
    let shown = ledger.waiting(POOL, 9).await.unwrap();
    assert_eq!(shown, [row("b", 1, 0), row("c", 2, 0), row("a", 2, 1)], "in the order of service");
    assert_eq!(ledger.waiting(POOL, 2).await.unwrap().len(), 2);
    assert_eq!(ledger.waiting(POOL, 0).await.unwrap(), []);
    assert_eq!(ledger.waiting(POOL, usize::MAX).await.unwrap().len(), 3);
    assert_eq!(ledger.waiting("other", 2).await.unwrap(), []);
    let last = place(&*ledger, &waiter("a", 2)).await;
    assert_eq!(last, Some(Place { ahead: 1, waiting: 5, tenants: 3 }));
}

pub async fn waiting_jobs_are_counted_by_tenant(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut high = waiter("a", 3);
    high.priority = Priority::High;
    let jobs = [waiter("a", 0), waiter("a", 1), high, waiter("a.b", 0), waiter("b", 0)];
    enter(&*ledger, &fence, &jobs).await;
    let count = async |name| ledger.count_waiting(POOL, &tenant(name)).await.unwrap();
    assert_eq!(count("a").await, WaitingCount { of_pool: 5, of_tenant: 3 });
    assert_eq!(count("nobody").await, WaitingCount { of_pool: 5, of_tenant: 0 });
    grant(&*ledger, &fence, &slots(1), 1).await;
    assert_eq!(count("a").await, WaitingCount { of_pool: 4, of_tenant: 2 }, "it is granted");
    let other = ledger.count_waiting("other", &tenant("a")).await.unwrap();
    assert_eq!(other, WaitingCount::default());
}

pub async fn waiting_jobs_of_a_tenant_are_listed(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut high = waiter("a", 3);
    high.priority = Priority::High;
    let jobs = [waiter("a", 1), waiter("a", 0), high.clone(), waiter("a.b", 0), waiter("b", 0)];
    enter(&*ledger, &fence, &jobs).await;
    let list = async |pool, name, most| ledger.waiters(pool, &tenant(name), most).await.unwrap();
    assert_eq!(list(POOL, "a", 9).await, [high.clone(), waiter("a", 0), waiter("a", 1)]);
    assert_eq!(list(POOL, "a", 1).await, [high]);
    assert_eq!(list(POOL, "a", 0).await, []);
    assert_eq!(list("other", "a", 9).await, []);
    ledger.withdraw(&fence, &[waiter("a", 0).permit]).await.unwrap();
    grant(&*ledger, &fence, &slots(1), 1).await;
    assert_eq!(list(POOL, "a", 9).await, [waiter("a", 1)], "one was granted, one withdrawn");
}

/// Also while slots of the pool are free and nobody waits.
pub async fn a_tenant_gets_no_more_than_its_slots(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut terms = slots(9);
    terms
        .tenants
        .insert(tenant("a"), TenantTerms { weight: 1, concurrency: 3, ..TenantTerms::default() });
    let take =
        async |waiter: &Waiter| ledger.take_permit(&fence, &waiter.permit, &terms).await.unwrap();
    let first = wide(2, waiter("a", 0));
    assert_eq!(take(&first).await, Permitted::Granted);
    let full = Permitted::AtLimit { used: 2, slots: 9, waiting: WaitingCount::default() };
    assert_eq!(take(&wide(2, waiter("a", 1))).await, full);
    assert_eq!(take(&waiter("a", 2)).await, Permitted::Granted, "one is left");
    assert_eq!(take(&first).await, Permitted::Granted, "it holds them");
    assert_eq!(take(&wide(5, waiter("b", 0))).await, Permitted::Granted, "others have no limit");
    enter(&*ledger, &fence, &[waiter("a", 3), waiter("c", 0)]).await;
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["c-0"], Left::Nobody));
    end(&*ledger, &fence, &first).await;
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["a-3"]);
}

/// Also in a pool without a limit.
pub async fn waiting_jobs_come_before_others_of_a_tenant_with_a_limit(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut terms = slots(0);
    terms.default.concurrency = 1;
    let take =
        async |waiter: &Waiter| ledger.take_permit(&fence, &waiter.permit, &terms).await.unwrap();
    assert_eq!(take(&waiter("a", 0)).await, Permitted::Granted);
    enter(&*ledger, &fence, &[waiter("a", 1)]).await;
    end(&*ledger, &fence, &waiter("a", 0)).await;
    let waiting = WaitingCount { of_pool: 1, of_tenant: 1 };
    assert_eq!(take(&waiter("a", 2)).await, Permitted::AtLimit { used: 0, slots: 0, waiting });
    assert_eq!(take(&waiter("b", 0)).await, Permitted::Granted, "none of its jobs waits");
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["a-1"]);
}

pub async fn many_granters_fill_exactly_the_slots(ledger: Arc<dyn Ledger>) {
    const SLOTS: u32 = 20;
    let fence = member(&*ledger).await;
    let jobs: Vec<_> =
        (0..60).map(|n| wide(n % 3 + 1, waiter(["a", "b", "c"][n as usize % 3], n))).collect();
    enter(&*ledger, &fence, &jobs).await;
    let granters = (0..8).map(|_| {
        let (ledger, fence) = (ledger.clone(), fence.clone());
        tokio::spawn(async move { grant(&*ledger, &fence, &slots(SLOTS), 4).await.jobs })
    });
    let mut granted = Vec::new();
    for granter in granters.collect::<Vec<_>>() {
        granted.extend(granter.await.unwrap());
    }
    let keys: BTreeSet<_> = granted.iter().map(|job| &job.permit.key).collect();
    assert_eq!(keys.len(), granted.len(), "each job once");
    let sum: u32 = granted.iter().map(|job| job.permit.weight).sum();
    assert!((SLOTS - 2..=SLOTS).contains(&sum), "{sum} of {SLOTS}");
    assert_eq!(used(&*ledger).await, sum);
}

pub async fn a_room_is_closed_to_whoever_lost_its_lease(ledger: Arc<dyn Ledger>) {
    let gone = member(&*ledger).await;
    let job = waiter("a", 0);
    enter(&*ledger, &gone, std::slice::from_ref(&job)).await;
    ledger.leave(&gone).await.unwrap();
    let one = std::slice::from_ref(&job);
    let permits = permits_of(one);
    for refused in [
        ledger.enter(&gone, one).await,
        ledger.grant(&gone, POOL, &slots(1), 1, LONG).await.map(drop),
        ledger.confirm(&gone, &permits).await,
        ledger.withdraw(&gone, &permits).await,
    ] {
        assert_eq!(refused, Err(LedgerError::Fenced));
    }
}
