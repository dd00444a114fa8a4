//! Grants and their leases, and which of several revisions of a job decides.

use std::sync::Arc;
use std::time::Duration;

use ports::{GrantTerms, Ledger, Limits, Permit, PermitReturn, Place, Usage, Waiter};

use super::fixture::*;
use super::waiters::*;

pub async fn a_grant_that_nobody_confirms_is_found(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let jobs: Vec<_> = (0..4).map(|nth| waiter("a", nth)).collect();
    enter(&*ledger, &fence, &jobs).await;
    let granted = ledger.grant(&fence, POOL, &slots(9), 3, SHORT).await.unwrap().jobs;
    assert_eq!(granted, jobs[..3]);
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), [], "the lease lasts");
    ledger.confirm(&fence, &permits_of(&jobs[..1])).await.unwrap();
    end(&*ledger, &fence, &jobs[1]).await;
    until("the lease is over", async || !ledger.overdue_grants(POOL).await.unwrap().is_empty())
        .await;
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), jobs[2..3]);
    assert_eq!(used(&*ledger).await, 2, "the confirmed one and this");
    // A comparison of permits with records may come first.
    let held = ledger.permits(POOL).await.unwrap();
    let behind = held.iter().find(|held| held.permit == jobs[2].permit).unwrap().left_behind();
    ledger.give_permits(&fence, &[behind]).await.unwrap();
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), jobs[2..3], "still to be found");
    let again = at(4, &jobs[2]);
    enter(&*ledger, &fence, std::slice::from_ref(&again)).await;
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), []);
    assert_eq!(used(&*ledger).await, 1);
    let granted = grant(&*ledger, &fence, &slots(9), 9).await.jobs;
    assert_eq!(granted, [again, jobs[3].clone()], "it has its place before the others");
}

pub async fn a_job_that_waits_again_pays_its_submission_once(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let limits = Limits { submissions_per_day: 2, ..Limits::slots(2) };
    let terms = GrantTerms { limits, ..GrantTerms::default() };
    let first = waiter("a", 0);
    enter(&*ledger, &fence, std::slice::from_ref(&first)).await;
    assert_eq!(grant(&*ledger, &fence, &terms, 9).await.jobs, std::slice::from_ref(&first));
    ledger.confirm(&fence, &permits_of(std::slice::from_ref(&first))).await.unwrap();
    let Permit { pool, key, round, .. } = first.permit.clone();
    let back = PermitReturn { pool, key, round, revision: 5, since: None, unspent: true };
    enter(&*ledger, &fence, &[at(5, &first), waiter("a", 1), waiter("a", 2)]).await;
    ledger.give_permits(&fence, &[back]).await.unwrap();
    assert_eq!(used(&*ledger).await, 0);
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    assert_eq!(ids(&granted.jobs), ["a-0", "a-1"], "the day has its two submissions still");
}

pub async fn the_latest_revision_of_a_waiting_job_decides(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (first, second) = (waiter("a", 0), waiter("a", 1));
    enter(&*ledger, &fence, &[first.clone(), second.clone()]).await;
    let later = Waiter { since: CREATED + LONG, ..at(5, &first) };
    let late = [at(4, &first), later.clone(), at(4, &first), at(5, &first)];
    enter(&*ledger, &fence, &late).await;
    assert_eq!(place(&*ledger, &first).await, Some(Place { ahead: 1, waiting: 2, tenants: 1 }));
    ledger.withdraw(&fence, &[at(4, &first).permit]).await.unwrap();
    assert_eq!(place(&*ledger, &second).await, Some(Place { ahead: 0, waiting: 2, tenants: 1 }));
    assert_eq!(grant(&*ledger, &fence, &slots(9), 9).await.jobs, [second.clone(), later.clone()]);
    ledger.withdraw(&fence, &[at(9, &first).permit]).await.unwrap();
    assert_eq!(used(&*ledger).await, 2, "a withdrawal leaves grants alone");
    enter(&*ledger, &fence, &[at(6, &second)]).await;
    ledger.withdraw(&fence, &[at(6, &second).permit]).await.unwrap();
    assert_eq!(place(&*ledger, &second).await, None);
}

pub async fn a_granted_job_waits_again_at_a_later_revision_only(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (job, now) = (waiter("a", 0), Duration::ZERO);
    let one = std::slice::from_ref(&job);
    enter(&*ledger, &fence, one).await;
    assert_eq!(ledger.grant(&fence, POOL, &slots(9), 9, now).await.unwrap().jobs, one);
    enter(&*ledger, &fence, one).await;
    assert_eq!(place(&*ledger, &job).await, None, "it is granted");
    ledger.confirm(&fence, &[at(2, &job).permit]).await.unwrap();
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), one, "a grant before it was confirmed");
    ledger.confirm(&fence, &[at(4, &job).permit]).await.unwrap();
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), []);
    enter(&*ledger, &fence, one).await;
    assert_eq!(place(&*ledger, &job).await, None, "it was granted and confirmed");
    let again = at(4, &job);
    enter(&*ledger, &fence, std::slice::from_ref(&again)).await;
    assert_eq!(ledger.usage(POOL).await.unwrap(), Usage { used: 1, waiting: 1 });
    assert_eq!(
        ledger.grant(&fence, POOL, &slots(9), 9, now).await.unwrap().jobs,
        std::slice::from_ref(&again)
    );
    assert_eq!(used(&*ledger).await, 1, "it takes over what it holds");
    let last = at(5, &job);
    enter(&*ledger, &fence, std::slice::from_ref(&last)).await;
    assert_eq!(ledger.overdue_grants(POOL).await.unwrap(), [], "the grant before is replaced");
    end(&*ledger, &fence, &job).await;
    assert_eq!(ledger.usage(POOL).await.unwrap(), Usage { used: 0, waiting: 1 });
    assert_eq!(grant(&*ledger, &fence, &slots(9), 9).await.jobs, [last]);
}

/// A slot may be given back, also by a comparison of permits, while its grant is not confirmed.
pub async fn a_grant_counts_also_without_its_slots(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let job = waiter("a", 0);
    let one = std::slice::from_ref(&job);
    enter(&*ledger, &fence, one).await;
    grant(&*ledger, &fence, &slots(9), 9).await;
    let held = ledger.permits(POOL).await.unwrap();
    ledger.give_permits(&fence, &[held[0].left_behind()]).await.unwrap();
    enter(&*ledger, &fence, one).await;
    assert_eq!(ledger.usage(POOL).await.unwrap(), Usage { used: 0, waiting: 0 });
    ledger.confirm(&fence, &permits_of(one)).await.unwrap();
    enter(&*ledger, &fence, one).await;
    assert_eq!(ledger.usage(POOL).await.unwrap(), Usage { used: 0, waiting: 1 });
}

pub async fn permits_of_several_pools_are_confirmed_and_withdrawn(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let of = |pool: &str, nth| {
        let waiter = waiter("a", nth);
        Waiter { permit: Permit { pool: pool.to_owned(), ..waiter.permit }, ..waiter }
    };
    let jobs = [of("one", 0), of("two", 1), of("one", 2), of("two", 3)];
    enter(&*ledger, &fence, &jobs).await;
    for pool in ["one", "two"] {
        ledger.grant(&fence, pool, &slots(1), 1, Duration::ZERO).await.unwrap();
        assert_eq!(ledger.overdue_grants(pool).await.unwrap().len(), 1);
    }
    ledger.confirm(&fence, &permits_of(&jobs[..2])).await.unwrap();
    ledger.withdraw(&fence, &permits_of(&jobs[2..])).await.unwrap();
    for pool in ["one", "two"] {
        assert_eq!(ledger.overdue_grants(pool).await.unwrap(), []);
        assert_eq!(ledger.usage(pool).await.unwrap(), Usage { used: 1, waiting: 0 });
    }
}
