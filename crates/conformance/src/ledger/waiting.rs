use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use job::{JobId, JobKey, Priority, Tenant, Timestamp};
use ports::{
    Entered, Fence, GrantTerms, Granted, Ledger, LedgerError, Left, Limits, Permit, PermitReturn,
    Permitted, Place, RoomBounds, TenantTerms, TenantWaiting, Waiter,
};

use super::fixture::*;

const POOL: &str = "default:videos";
const ANY: RoomBounds = RoomBounds { tenant: 0, pool: 0 };

/// The `nth` job of a tenant: of normal priority, for one slot.
fn waiter(tenant: &str, nth: u32) -> Waiter {
    let id = JobId::new(format!("{tenant}-{nth}")).unwrap();
    let key = JobKey::new(Tenant::new(tenant).unwrap(), id);
    Waiter {
        permit: Permit { pool: POOL.to_owned(), key, round: 1, weight: 1, revision: 3 },
        priority: Priority::Normal,
        since: CREATED + Duration::from_millis(nth.into()),
        cost: 60_000,
    }
}

fn wide(weight: u32, waiter: Waiter) -> Waiter {
    Waiter { permit: Permit { weight, ..waiter.permit }, ..waiter }
}

fn slots(concurrency: u32) -> GrantTerms {
    GrantTerms { limits: Limits { concurrency, submissions_per_day: 0 }, ..GrantTerms::default() }
}

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

fn job(waiter: &Waiter) -> (JobKey, u32) {
    (waiter.permit.key.clone(), waiter.permit.round)
}

async fn enter(ledger: &dyn Ledger, fence: &Fence, waiters: &[Waiter]) {
    let entered = ledger.enter(fence, waiters, &ANY).await.unwrap();
    assert_eq!(entered, vec![Entered::In; waiters.len()]);
}

async fn grant(ledger: &dyn Ledger, fence: &Fence, terms: &GrantTerms, most: usize) -> Granted {
    ledger.grant(fence, POOL, terms, most, LONG).await.unwrap()
}

fn ids(jobs: &[Waiter]) -> Vec<&str> {
    jobs.iter().map(|job| job.permit.key.id.as_str()).collect()
}

/// Its task has ended.
async fn end(ledger: &dyn Ledger, fence: &Fence, waiter: &Waiter) {
    let Permit { pool, key, round, revision, .. } = waiter.permit.clone();
    let revision = revision + 2;
    let back = PermitReturn { pool, key, round, revision, since: None, unspent: false };
    ledger.give_permits(fence, &[back]).await.unwrap();
}

async fn place(ledger: &dyn Ledger, waiter: &Waiter) -> Option<Place> {
    let (key, round) = job(waiter);
    ledger.place(POOL, &key, round).await.unwrap()
}

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
    assert_eq!(ledger.used(POOL).await.unwrap(), 3);
    let held = ledger.permits(POOL).await.unwrap();
    assert!(held.iter().any(|held| held.permit == waiter("a", 0).permit), "{held:?}");
    end(&*ledger, &fence, &waiter("a", 1)).await;
    let granted = grant(&*ledger, &fence, &slots(3), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-3"], Left::Nobody));
    let elsewhere = ledger.grant(&fence, "other", &slots(3), 9, LONG).await.unwrap();
    assert_eq!(elsewhere, Granted { jobs: Vec::new(), left: Left::Nobody });
}

pub async fn waiting_jobs_come_before_others(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let passing = waiter("b", 0).permit;
    let limits = slots(9).limits;
    let take = async || ledger.take_permit(&fence, &passing, &limits).await.unwrap();
    enter(&*ledger, &fence, &[waiter("a", 0)]).await;
    assert_eq!(take().await, Permitted::AtLimit { used: 0 }, "slots are free, and somebody waits");
    let other = Permit { pool: "other".to_owned(), ..passing.clone() };
    let elsewhere = ledger.take_permit(&fence, &other, &limits).await.unwrap();
    assert_eq!(elsewhere, Permitted::Granted, "nobody waits there");
    grant(&*ledger, &fence, &slots(9), 1).await;
    assert_eq!(take().await, Permitted::Granted, "nobody waits any more");
    enter(&*ledger, &fence, &[waiter("a", 1)]).await;
    assert_eq!(take().await, Permitted::Granted, "it has them already");
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

pub async fn a_room_is_bounded_for_each_tenant_and_in_all(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let bounds = RoomBounds { tenant: 2, pool: 3 };
    let waiters: Vec<_> = [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("c", 0), ("a", 1)]
        .map(|(tenant, nth)| waiter(tenant, nth))
        .into();
    let entered = ledger.enter(&fence, &waiters, &bounds).await.unwrap();
    let expected = [
        Entered::In,
        Entered::In,
        Entered::TenantFull,
        Entered::In,
        Entered::PoolFull,
        Entered::In,
    ];
    assert_eq!(entered, expected);
    grant(&*ledger, &fence, &slots(1), 1).await;
    let entered = ledger.enter(&fence, &waiters[2..3], &bounds).await.unwrap();
    assert_eq!(entered, [Entered::In], "there is room again");
}

pub async fn a_wide_job_keeps_its_place_until_it_fits(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let wide = wide(3, waiter("a", 1));
    enter(&*ledger, &fence, &[waiter("a", 0), wide.clone(), waiter("a", 2)]).await;
    let granted = grant(&*ledger, &fence, &slots(3), 9).await;
    assert_eq!((ids(&granted.jobs), granted.left), (vec!["a-0"], Left::NoSlot));
    end(&*ledger, &fence, &waiter("a", 0)).await;
    assert_eq!(grant(&*ledger, &fence, &slots(3), 9).await.jobs, [wide]);
    assert_eq!(ledger.used(POOL).await.unwrap(), 3);
}

pub async fn tenants_are_served_by_their_weights(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let names = ["a", "b", "c"];
    for name in names {
        let jobs: Vec<_> = (0..60).map(|nth| waiter(name, nth)).collect();
        enter(&*ledger, &fence, &jobs).await;
    }
    let mut terms = slots(0);
    for (name, weight) in names.into_iter().zip([1, 2, 3]) {
        terms.tenants.insert(tenant(name), TenantTerms { weight, concurrency: 0 });
    }
    let granted = grant(&*ledger, &fence, &terms, 60).await;
    let mut counts = BTreeMap::new();
    for job in &granted.jobs {
        *counts.entry(job.permit.key.tenant.as_str()).or_insert(0) += 1;
    }
    for (name, expected) in names.into_iter().zip([10_i32, 20, 30]) {
        assert!((counts[name] - expected).abs() <= 1, "{counts:?}");
    }
}

pub async fn a_costly_job_counts_for_many_cheap_ones(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let costly: Vec<_> = (0..9).map(|nth| Waiter { cost: 240_000, ..waiter("a", nth) }).collect();
    let cheap: Vec<_> = (0..40).map(|nth| waiter("b", nth)).collect();
    enter(&*ledger, &fence, &costly).await;
    enter(&*ledger, &fence, &cheap).await;
    let granted = grant(&*ledger, &fence, &slots(0), 25).await;
    let of_a = granted.jobs.iter().filter(|job| job.cost > 60_000).count();
    assert!((4..=6).contains(&of_a), "{:?}", ids(&granted.jobs));
}

pub async fn a_flood_does_not_stand_before_a_single_job(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let flood: Vec<_> = (0..300).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &flood).await;
    grant(&*ledger, &fence, &slots(0), 100).await;
    enter(&*ledger, &fence, &[waiter("b", 0)]).await;
    let granted = grant(&*ledger, &fence, &slots(0), 2).await;
    assert!(ids(&granted.jobs).contains(&"b-0"), "{:?}", ids(&granted.jobs));
    // Leaving the room and coming back is no gain.
    enter(&*ledger, &fence, &[waiter("b", 1), waiter("b", 2)]).await;
    let granted = grant(&*ledger, &fence, &slots(0), 4).await;
    assert_eq!(ids(&granted.jobs).iter().filter(|id| id.starts_with('b')).count(), 2);
    assert_eq!(granted.jobs[1].permit.key.tenant, tenant("a"), "one after the other");
}

pub async fn priorities_of_a_tenant_share_and_none_starves(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (n, priority) in Priority::ALL.into_iter().enumerate() {
        let first = 100 * n as u32;
        let jobs: Vec<_> =
            (first..first + 40).map(|nth| Waiter { priority, ..waiter("a", nth) }).collect();
        enter(&*ledger, &fence, &jobs).await;
    }
    let granted = grant(&*ledger, &fence, &slots(0), 26).await;
    let of = |priority| granted.jobs.iter().filter(|job| job.priority == priority).count();
    let counts = Priority::ALL.map(of);
    assert!(counts[0] >= 17 && counts[1] >= 5 && counts[2] >= 2, "{counts:?}");
    assert_eq!(granted.jobs[0].priority, Priority::High);
    let low = Waiter { priority: Priority::Low, ..waiter("a", 239) };
    let ahead = place(&*ledger, &low).await.unwrap().ahead;
    assert_eq!(ahead, 120 - 26 - 1);
}

pub async fn a_tenant_at_its_limit_is_passed_over(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..3).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    enter(&*ledger, &fence, &[waiter("b", 0), waiter("b", 1)]).await;
    let mut terms = slots(9);
    terms.tenants.insert(tenant("a"), TenantTerms { weight: 100, concurrency: 1 });
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(granted.left, Left::Nobody);
    let found: BTreeSet<&str> = ids(&granted.jobs).into_iter().collect();
    assert_eq!(found, BTreeSet::from(["a-0", "b-0", "b-1"]));
    end(&*ledger, &fence, &jobs[0]).await;
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["a-1"]);
}

pub async fn a_grant_that_nobody_confirms_is_found(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..4).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let granted = ledger.grant(&fence, POOL, &slots(9), 3, SHORT).await.unwrap().jobs;
    assert_eq!(granted, jobs[..3]);
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), [], "the lease lasts");
    ledger.confirm(&fence, POOL, &[job(&jobs[0])]).await.unwrap();
    end(&*ledger, &fence, &jobs[1]).await;
    until("the lease is over", async || !ledger.overdue_grants(POOL).await.unwrap().is_empty())
        .await;
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), jobs[2..3]);
    assert_eq!(ledger.used(POOL).await.unwrap(), 2, "the confirmed one and this");
    // A comparison of permits with records may come first.
    let held = ledger.permits(POOL).await.unwrap();
    let behind = held.iter().find(|held| held.permit == jobs[2].permit).unwrap().left_behind();
    ledger.give_permits(&fence, &[behind]).await.unwrap();
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), jobs[2..3], "still to be found");
    ledger.wait_again(&fence, &jobs[2..3]).await.unwrap();
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), []);
    assert_eq!(ledger.used(POOL).await.unwrap(), 1);
    let granted = grant(&*ledger, &fence, &slots(9), 9).await.jobs;
    assert_eq!(granted, jobs[2..], "it has its place before the others");
}

pub async fn waiting_again_gives_the_slots_back(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let limits = Limits { concurrency: 2, submissions_per_day: 2 };
    let terms = GrantTerms { limits, ..GrantTerms::default() };
    let busy = waiter("a", 0);
    ledger.take_permit(&fence, &busy.permit, &limits).await.unwrap();
    let newer = Waiter { permit: Permit { revision: 5, ..busy.permit.clone() }, ..busy.clone() };
    ledger.wait_again(&fence, std::slice::from_ref(&newer)).await.unwrap();
    assert_eq!(ledger.used(POOL).await.unwrap(), 0);
    assert_eq!(grant(&*ledger, &fence, &terms, 9).await.jobs, std::slice::from_ref(&newer));
    // Confirmed, put off once more: the day has its two submissions still.
    ledger.confirm(&fence, POOL, &[job(&newer)]).await.unwrap();
    ledger.wait_again(&fence, &[newer]).await.unwrap();
    enter(&*ledger, &fence, &[waiter("a", 1), waiter("a", 2)]).await;
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(ids(&granted.jobs), ["a-0", "a-1"]);
}

pub async fn the_days_limit_holds_for_grants(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let limits = Limits { concurrency: 9, submissions_per_day: 2 };
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
    ledger.withdraw(&fence, POOL, &[job(&jobs[0]), job(&waiter("b", 7))]).await.unwrap();
    assert_eq!(place(&*ledger, &jobs[0]).await, None);
    let granted = grant(&*ledger, &fence, &slots(1), 9).await.jobs;
    assert_eq!(granted, jobs[1..2]);
    ledger.withdraw(&fence, POOL, &[job(&jobs[1]), job(&jobs[2])]).await.unwrap();
    assert_eq!(ledger.used(POOL).await.unwrap(), 1, "a granted one keeps its slot");
    assert_eq!(ledger.waiting(POOL, 9).await.unwrap(), []);
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

pub async fn a_freed_slot_wakes_waiters(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..2_000).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let listening = ledger.clone();
    // The first answers may be for the jobs that have just come.
    let woken = tokio::spawn(async move {
        let mut seen = 0;
        for _ in 0..3 {
            seen = listening.slots_freed(seen, LONG).await.unwrap();
        }
    });
    until("three wake-ups", async || {
        let granted = grant(&*ledger, &fence, &slots(1), 1).await.jobs;
        end(&*ledger, &fence, &granted[0]).await;
        woken.is_finished()
    })
    .await;
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
    let keys: BTreeSet<_> = granted.iter().map(job).collect();
    assert_eq!(keys.len(), granted.len(), "each job once");
    let sum: u32 = granted.iter().map(|job| job.permit.weight).sum();
    assert!((SLOTS - 2..=SLOTS).contains(&sum), "{sum} of {SLOTS}");
    assert_eq!(ledger.used(POOL).await.unwrap(), sum);
}

pub async fn a_room_is_closed_to_whoever_lost_its_lease(ledger: Arc<dyn Ledger>) {
    let gone = member(&*ledger).await;
    let job = waiter("a", 0);
    enter(&*ledger, &gone, std::slice::from_ref(&job)).await;
    ledger.leave(&gone).await.unwrap();
    let jobs = [(job.permit.key.clone(), 1)];
    let one = std::slice::from_ref(&job);
    for refused in [
        ledger.enter(&gone, one, &ANY).await.map(drop),
        ledger.grant(&gone, POOL, &slots(1), 1, LONG).await.map(drop),
        ledger.confirm(&gone, POOL, &jobs).await,
        ledger.wait_again(&gone, one).await,
        ledger.withdraw(&gone, POOL, &jobs).await,
    ] {
        assert_eq!(refused, Err(LedgerError::Fenced));
    }
}
