//! How many submissions a minute are made.

use std::sync::Arc;

use job::Timestamp;
use ports::{GrantTerms, Granted, Ledger, Left, Limits, Permit, Permitted, TenantTerms};

use super::fixture::*;
use super::waiters::*;

/// Between two submissions at the lowest rate.
const MINUTE_MS: i64 = 60_000;

fn account(per_minute: u32) -> GrantTerms {
    Limits { per_minute, ..Limits::slots(9) }.into()
}

/// And the moment from which the next submission may be made.
fn paused(granted: &Granted) -> (Vec<&str>, Timestamp) {
    let Left::Paused { until } = granted.left else { panic!("{:?}", granted.left) };
    (ids(&granted.jobs), until)
}

/// The next submission is due a minute after one that was made since.
async fn is_in_a_minute(ledger: &dyn Ledger, until: Timestamp) {
    let now = ledger.pool_slots(POOL).await.unwrap().now;
    let left = until.as_millis() - now.as_millis();
    assert!((MINUTE_MS - 20_000..=MINUTE_MS + 1_000).contains(&left), "{left}");
}

pub async fn submissions_of_an_account_keep_to_its_rate(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let terms = account(1);
    let first = waiter("a", 0).permit;
    let take = async |permit: &Permit| ledger.take_permit(&fence, permit, &terms).await.unwrap();
    assert_eq!(take(&first).await, Permitted::Granted);
    assert_eq!(take(&first).await, Permitted::Granted, "it has its slot");
    let late = take(&waiter("b", 0).permit).await;
    assert!(matches!(late, Permitted::AtLimit { used: 1, slots: 9, .. }), "{late:?}");
    let elsewhere = Permit { pool: "default:images".to_owned(), ..waiter("b", 1).permit };
    let late = take(&elsewhere).await;
    assert!(matches!(late, Permitted::AtLimit { .. }), "all pools share it: {late:?}");
    let other = Permit { pool: "another:images".to_owned(), ..waiter("b", 2).permit };
    assert_eq!(take(&other).await, Permitted::Granted, "another account has its own");
    enter(&*ledger, &fence, &[waiter("a", 1)]).await;
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    let (jobs, until) = paused(&granted);
    assert_eq!(jobs, [""; 0]);
    is_in_a_minute(&*ledger, until).await;
    let granted = grant(&*ledger, &fence, &slots(9), 9).await;
    assert_eq!(ids(&granted.jobs), ["a-1"], "without a rate");
}

pub async fn submissions_of_a_tenant_keep_to_its_rate(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut terms = slots(9);
    let seldom = TenantTerms { per_minute: 1, ..TenantTerms::default() };
    terms.tenants.insert(tenant("a"), seldom);
    terms.default = TenantTerms { per_minute: 600, ..TenantTerms::default() };
    let jobs = [waiter("a", 0), waiter("a", 1), waiter("b", 0), waiter("b", 1)];
    enter(&*ledger, &fence, &jobs).await;
    let granted = grant(&*ledger, &fence, &terms, 9).await;
    let (jobs, until) = paused(&granted);
    assert_eq!(jobs, ["a-0", "b-0", "b-1"], "it is passed over");
    is_in_a_minute(&*ledger, until).await;
    let late = ledger.take_permit(&fence, &waiter("a", 2).permit, &terms).await.unwrap();
    assert!(matches!(late, Permitted::AtLimit { used: 3, .. }), "{late:?}");
    let other = ledger.take_permit(&fence, &waiter("c", 0).permit, &terms).await.unwrap();
    assert!(matches!(other, Permitted::AtLimit { .. }), "one waits before it: {other:?}");
    ledger.withdraw(&fence, &permits_of(&[waiter("a", 1)])).await.unwrap();
    let other = ledger.take_permit(&fence, &waiter("c", 0).permit, &terms).await.unwrap();
    assert_eq!(other, Permitted::Granted);
    // Ten are due in a second: so many may be made at once, and no more.
    let many: Vec<_> = (1..20).map(|nth| waiter("c", nth)).collect();
    enter(&*ledger, &fence, &many).await;
    terms.limits.concurrency = 99;
    let granted = grant(&*ledger, &fence, &terms, 99).await;
    let (jobs, until) = paused(&granted);
    assert!((8..=12).contains(&jobs.len()), "{jobs:?}");
    assert!(until > Timestamp::EPOCH);
}

/// Also in a pool without a limit of slots.
pub async fn a_rate_lets_waiting_jobs_go_first(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let terms: GrantTerms = Limits { per_minute: 60_000, ..Limits::default() }.into();
    enter(&*ledger, &fence, &[waiter("a", 0)]).await;
    let late = ledger.take_permit(&fence, &waiter("b", 0).permit, &terms).await.unwrap();
    assert!(matches!(late, Permitted::AtLimit { used: 0, slots: 0, .. }), "{late:?}");
    let mut granted = Vec::new();
    until("the waiting job is granted", async || {
        granted = grant(&*ledger, &fence, &terms, 9).await.jobs;
        !granted.is_empty()
    })
    .await;
    let next = ledger.take_permit(&fence, &waiter("b", 0).permit, &terms).await.unwrap();
    assert_eq!(next, Permitted::Granted);
}
