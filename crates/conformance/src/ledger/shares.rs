//! The shares of tenants and priorities.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use job::Priority;
use ports::{Ledger, Left, TenantTerms, Waiter};

use super::fixture::*;
use super::waiters::*;

pub async fn tenants_are_served_by_their_weights(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let names = ["a", "b", "c"];
    for name in names {
        let jobs: Vec<_> = (0..60).map(|nth| waiter(name, nth)).collect();
        enter(&*ledger, &fence, &jobs).await;
    }
    let mut terms = slots(0);
    for (name, weight) in names.into_iter().zip([1, 2, 3]) {
        terms
            .tenants
            .insert(tenant(name), TenantTerms { weight, concurrency: 0, ..TenantTerms::default() });
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
    let ids = ids(&granted.jobs);
    let mut pairs = ids.iter().zip(&ids[1..]);
    assert!(pairs.all(|(one, next)| one[..1] != next[..1]), "one after the other: {ids:?}");
}

/// Others, with one job each, come one after the other, and three of them always wait.
pub async fn ever_new_tenants_do_not_starve_one_with_many_jobs(ledger: Arc<dyn Ledger>) {
    const NEW: u32 = 1_000;
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..400).map(|nth| waiter("busy", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let mut others = (0..NEW).map(|n| waiter(&format!("new-{n:04}"), 0));
    enter(&*ledger, &fence, &others.by_ref().take(3).collect::<Vec<_>>()).await;
    let mut of_busy = 0;
    for _ in 0..NEW {
        let granted = grant(&*ledger, &fence, &slots(0), 1).await.jobs;
        if granted[0].permit.key.tenant == tenant("busy") {
            of_busy += 1;
        } else {
            enter(&*ledger, &fence, others.next().as_slice()).await;
        }
    }
    assert!((230..=270).contains(&of_busy), "{of_busy} of {NEW}: one of four tenants");
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
    terms
        .tenants
        .insert(tenant("a"), TenantTerms { weight: 100, concurrency: 1, ..TenantTerms::default() });
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(granted.left, Left::Nobody);
    let found: BTreeSet<&str> = ids(&granted.jobs).into_iter().collect();
    assert_eq!(found, BTreeSet::from(["a-0", "b-0", "b-1"]));
    end(&*ledger, &fence, &jobs[0]).await;
    assert_eq!(ids(&grant(&*ledger, &fence, &terms, 9).await.jobs), ["a-1"]);
}

pub async fn a_tenant_at_its_limit_saves_up_no_credit(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..9).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let jobs: Vec<_> = (0..60).map(|nth| waiter("b", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let mut terms = slots(0);
    terms
        .tenants
        .insert(tenant("a"), TenantTerms { weight: 1, concurrency: 1, ..TenantTerms::default() });
    let granted = grant(&*ledger, &fence, &terms, 40).await.jobs;
    assert_eq!(ids(&granted)[0], "a-0");
    let granted = grant(&*ledger, &fence, &slots(0), 8).await.jobs;
    let of_a = ids(&granted).iter().filter(|id| id.starts_with('a')).count();
    assert!((4..=5).contains(&of_a), "{:?}", ids(&granted));
}
