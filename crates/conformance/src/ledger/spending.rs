//! What is reserved and spent, and the caps.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use futures::stream::{self, StreamExt};
use job::{Cap, CapOf, CapPeriod, Caps, JobId, JobKey, Money, Period, Settled, Tenant, Timestamp};
use ports::{
    Clock, Fence, Ledger, LedgerError, MOST_SPENDERS, Reservation, Reserved, Settlement, Spender,
    Spent, SystemClock,
};

use super::fixture::*;

const ACCOUNT: &str = "default";

fn usd(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn reservation(tenant: &str, id: &str, amount: &str) -> Reservation {
    Reservation {
        account: ACCOUNT.to_owned(),
        key: JobKey::new(Tenant::new(tenant).unwrap(), JobId::new(id).unwrap()),
        round: 1,
        model: Some("kling-v1".to_owned()),
        amount: Some(usd(amount)),
        refuses: false,
    }
}

fn settlement(of: &Reservation, amount: &str) -> Settlement {
    settled(of, Settled::Spent(usd(amount)))
}

fn settled(of: &Reservation, settled: Settled) -> Settlement {
    Settlement { key: of.key.clone(), round: of.round, settled, since: None }
}

/// The periods of the store; a case that runs over midnight looks at the new ones.
fn periods() -> [Period; 2] {
    Period::both_of(SystemClock.now())
}

async fn sums(ledger: &dyn Ledger, period: &Period) -> BTreeMap<(Spender, String), Spent> {
    let all = ledger.spending(ACCOUNT, period).await.unwrap();
    all.into_iter().map(|by| ((by.spender, by.name), by.sums)).collect()
}

async fn account(ledger: &dyn Ledger) -> Spent {
    sums(ledger, &periods()[1]).await.remove(&(Spender::Account, String::new())).unwrap_or_default()
}

async fn reserve(
    ledger: &dyn Ledger,
    fence: &Fence,
    reservation: &Reservation,
    caps: &Caps,
) -> Reserved {
    ledger.reserve(fence, reservation, caps).await.unwrap()
}

async fn settle(ledger: &dyn Ledger, fence: &Fence, settlement: Settlement) {
    ledger.settle_reservations(fence, ACCOUNT, &[settlement]).await.unwrap();
}

pub async fn what_is_reserved_is_counted_once_and_settled_once(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let any = Caps::default();
    let (a, b) = (reservation("acme", "a", "0.28"), reservation("other", "b", "0.14"));
    let again = Reservation { amount: Some(usd("9")), ..a.clone() };
    for one in [&a, &b, &a, &again] {
        assert_eq!(reserve(&*ledger, &fence, one, &any).await, Reserved::Held);
    }
    let second_round = Reservation { round: 2, model: None, ..a.clone() };
    reserve(&*ledger, &fence, &second_round, &any).await;
    let spent =
        |spent, reserved| Spent { spent: usd(spent), reserved: usd(reserved), ..Spent::default() };
    assert_eq!(account(&*ledger).await, spent("0", "0.70"));
    for _ in 0..2 {
        settle(&*ledger, &fence, settlement(&a, "0.30")).await;
        settle(&*ledger, &fence, settled(&second_round, Settled::Released)).await;
    }
    for period in periods() {
        let expected = [
            ((Spender::Account, String::new()), spent("0.30", "0.14")),
            ((Spender::Tenant, "acme".to_owned()), spent("0.30", "0")),
            ((Spender::Tenant, "other".to_owned()), spent("0", "0.14")),
            ((Spender::Model, String::new()), spent("0", "0")),
            ((Spender::Model, "kling-v1".to_owned()), spent("0.30", "0.14")),
        ];
        assert_eq!(sums(&*ledger, &period).await, BTreeMap::from(expected), "{period}");
    }
    let free = reservation("acme", "free", "0");
    reserve(&*ledger, &fence, &free, &any).await;
    settle(&*ledger, &fence, settlement(&free, "0.05")).await;
    assert_eq!(account(&*ledger).await, spent("0.35", "0.14"), "estimated at nothing");
    assert_eq!(ledger.spending("another", &periods()[0]).await.unwrap(), []);
    assert_eq!(ledger.spending(ACCOUNT, &Period::parse("2020-01-01").unwrap()).await.unwrap(), []);
}

/// Fifty workers reserve, settle and release in turn; the sum of estimates that are held or spent is
/// never one millionth above the cap.
pub async fn a_cap_is_exact_under_fifty_takers(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let cap = Cap { day: None, month: Some(usd("5")) };
    let caps = Caps { account: cap, ..Caps::default() };
    let worker = |n: usize| {
        let (ledger, fence) = (&*ledger, &fence);
        async move {
            for round in 0..8 {
                let amount = ["0.14", "0.49", "0.0035", "0.98"][(n + round) % 4];
                let one = reservation(&format!("t{}", n % 3), &format!("{n}-{round}"), amount);
                let held = reserve(ledger, fence, &one, &caps).await == Reserved::Held;
                let Spent { spent, reserved, .. } = account(ledger).await;
                assert!(spent + reserved <= usd("5"), "{spent} + {reserved}");
                match (held, round % 3) {
                    (false, _) => {}
                    (true, 0) => settle(ledger, fence, settled(&one, Settled::Released)).await,
                    (true, 1) => settle(ledger, fence, settlement(&one, amount)).await,
                    (true, _) => {}
                }
            }
        }
    };
    join_all((0..50).map(worker)).await;
    let held = ledger.reservations(ACCOUNT).await.unwrap();
    let sums = account(&*ledger).await;
    assert_eq!(held.iter().map(|held| held.amount).sum::<Money>(), sums.reserved);
    assert!(sums.spent + sums.reserved > usd("4.02"), "it was reached: {sums:?}");
}

pub async fn each_cap_holds_until_its_period_is_over(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let first = reservation("acme", "first", "0.60");
    reserve(&*ledger, &fence, &first, &Caps::default()).await;
    let day = Cap { day: Some(usd("1")), month: None };
    let month = Cap { day: None, month: Some(usd("1")) };
    let (account, tenant) = (
        |account| Caps { account, ..Caps::default() },
        |tenant| Caps { tenant, ..Caps::default() },
    );
    let [today, this_month] = periods();
    for (caps, of, period, until) in [
        (account(day), CapOf::Account, CapPeriod::Day, today.end()),
        (account(month), CapOf::Account, CapPeriod::Month, this_month.end()),
        (tenant(day), CapOf::Tenant, CapPeriod::Day, today.end()),
        (tenant(month), CapOf::Tenant, CapPeriod::Month, this_month.end()),
    ] {
        let too_much = reservation("acme", "second", "0.400001");
        let Reserved::Over(over) = reserve(&*ledger, &fence, &too_much, &caps).await else {
            panic!("{caps:?}");
        };
        assert_eq!((over.of, over.period, over.until), (of, period, until));
        assert_eq!((over.cap, over.used), (usd("1"), usd("0.60")));
        assert_eq!(reserve(&*ledger, &fence, &first, &caps).await, Reserved::Held, "it has it");
        let fitting = reservation("acme", "fitting", "0.40");
        assert_eq!(reserve(&*ledger, &fence, &fitting, &caps).await, Reserved::Held, "exactly");
        settle(&*ledger, &fence, settlement(&fitting, "0")).await;
    }
    let other = reservation("other", "third", "0.90");
    assert_eq!(reserve(&*ledger, &fence, &other, &tenant(day)).await, Reserved::Held);
    let elsewhere = Reservation { account: "another".to_owned(), ..other };
    assert_eq!(reserve(&*ledger, &fence, &elsewhere, &account(day)).await, Reserved::Held);
}

pub async fn refused_and_unpriced_jobs_are_counted(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let cap = Cap { day: Some(usd("1")), month: None };
    let caps = Caps { tenant: cap, ..Caps::default() };
    let unpriced = Reservation { amount: None, ..reservation("acme", "a", "0") };
    let held = reservation("acme", "b", "1.5");
    let refused = Reservation { refuses: true, ..reservation("acme", "c", "1.5") };
    assert_eq!(reserve(&*ledger, &fence, &unpriced, &caps).await, Reserved::Held);
    for one in [held, refused] {
        assert!(matches!(reserve(&*ledger, &fence, &one, &caps).await, Reserved::Over(_)));
    }
    let counted = Spent { refused: 1, unpriced: 1, ..Spent::default() };
    assert_eq!(account(&*ledger).await, counted);
    assert_eq!(sums(&*ledger, &periods()[0]).await[&(Spender::Tenant, "acme".into())], counted);
    settle(&*ledger, &fence, settled(&unpriced, Settled::Released)).await;
    assert_eq!(account(&*ledger).await.unpriced, 0, "it was not sent");
    reserve(&*ledger, &fence, &unpriced, &caps).await;
    settle(&*ledger, &fence, settlement(&unpriced, "0.14")).await;
    let Spent { spent, unpriced, .. } = account(&*ledger).await;
    assert_eq!((spent, unpriced), (usd("0.14"), 1), "the provider has reported an amount");
}

pub async fn what_was_left_behind_is_settled_as_it_was_held(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let one = reservation("acme", "a/b#c", "0.28");
    reserve(&*ledger, &fence, &one, &Caps::default()).await;
    let held = ledger.reservations(ACCOUNT).await.unwrap().remove(0);
    assert_eq!((&held.key, held.round, held.amount), (&one.key, 1, usd("0.28")));
    let earlier = Timestamp::from_millis(held.since.as_millis() - 1);
    let since = |since| Settlement { since: Some(since), ..settlement(&one, "0.28") };
    settle(&*ledger, &fence, since(earlier)).await;
    let left = ledger.reservations(ACCOUNT).await.unwrap();
    assert_eq!(left, std::slice::from_ref(&held), "renewed since");
    settle(&*ledger, &fence, since(held.since)).await;
    assert_eq!(ledger.reservations(ACCOUNT).await.unwrap(), []);
}

pub async fn ever_new_tenants_are_counted_together(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let caps = Caps { tenant: Cap { day: None, month: Some(usd("0.50")) }, ..Caps::default() };
    let names = MOST_SPENDERS + 9;
    let all = (0..names).map(|n| {
        let model = Some(format!("model-{n}"));
        let one = Reservation { model, ..reservation(&format!("t{n}"), "a", "0.10") };
        let (ledger, fence) = (&*ledger, &fence);
        async move { reserve(ledger, fence, &one, &caps).await }
    });
    let answers: Vec<_> = stream::iter(all).buffered(64).collect().await;
    let held = answers.iter().filter(|answer| **answer == Reserved::Held).count();
    assert_eq!(held, MOST_SPENDERS + 5, "those without a name share a cap");
    let sums = sums(&*ledger, &periods()[1]).await;
    assert_eq!(sums.len(), 2 * (MOST_SPENDERS + 1) + 1);
    assert_eq!(sums[&(Spender::Tenant, String::new())].reserved, usd("0.50"));
    assert_eq!(sums[&(Spender::Tenant, "t0".to_owned())].reserved, usd("0.10"));
    let named = Caps { tenant_is_named: true, ..caps };
    let one = reservation("late-and-named", "a", "0.10");
    assert_eq!(reserve(&*ledger, &fence, &one, &named).await, Reserved::Held);
}

pub async fn spending_is_closed_to_whoever_lost_its_lease(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let one = reservation("acme", "a", "0.28");
    reserve(&*ledger, &fence, &one, &Caps::default()).await;
    ledger.leave(&fence).await.unwrap();
    let late = ledger.reserve(&fence, &one, &Caps::default()).await;
    assert_eq!(late, Err(LedgerError::Fenced));
    let late = ledger.settle_reservations(&fence, ACCOUNT, &[settlement(&one, "0.28")]).await;
    assert_eq!(late, Err(LedgerError::Fenced));
}
