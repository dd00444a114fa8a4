//! What the keys of the gateway may submit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use job::{Allowance, Allowed, Cap, CapPeriod, Money, Period, Timestamp, UsedAllowance};
use ports::Ledger;

use super::allowance_model::{Request, Requests};
use super::fixture::*;

const NO_CAP: Cap = Cap { day: None, month: None };

fn usd(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn rate(per_minute: u32) -> Allowance {
    Allowance { per_minute, budget: NO_CAP }
}

fn capped(day: Option<&str>, month: Option<&str>) -> Allowance {
    Allowance { per_minute: 0, budget: Cap { day: day.map(usd), month: month.map(usd) } }
}

async fn spend(ledger: &dyn Ledger, key: &str, allowance: &Allowance, amount: &str) -> Allowed {
    ledger.spend(key, allowance, Some(usd(amount))).await.unwrap()
}

/// Of a key that may make any number.
fn is_yes(allowed: &Allowed) -> bool {
    matches!(allowed, Allowed::Yes { left: None, .. })
}

fn left(allowed: &Allowed) -> Option<u32> {
    match allowed {
        Allowed::Yes { left, .. } => *left,
        Allowed::RateUsedUp { .. } | Allowed::OverBudget { .. } => None,
    }
}

/// What was used of the budget that holds.
fn used(allowed: &Allowed) -> Option<Money> {
    match allowed {
        Allowed::OverBudget { used, .. } => Some(*used),
        Allowed::Yes { .. } | Allowed::RateUsedUp { .. } => None,
    }
}

/// What the key has spent in a day and in a month.
async fn spent(ledger: &dyn Ledger, key: &str) -> (Option<Money>, Option<Money>) {
    let by_day = spend(ledger, key, &capped(Some("0"), None), "1000").await;
    let by_month = spend(ledger, key, &capped(None, Some("0")), "1000").await;
    (used(&by_day), used(&by_month))
}

async fn now(ledger: &dyn Ledger) -> Timestamp {
    ledger.pool_slots("any").await.unwrap().now
}

pub async fn a_minute_s_requests_may_be_made_at_once(ledger: Arc<dyn Ledger>) {
    for expected in [2, 1, 0] {
        assert_eq!(left(&spend(&*ledger, "a", &rate(3), "0").await), Some(expected));
    }
    let before = now(&*ledger).await;
    let Allowed::RateUsedUp { next } = spend(&*ledger, "a", &rate(3), "0").await else {
        panic!("a fourth at once");
    };
    let until_next = next.since(before);
    assert!((Duration::from_secs(1)..=Duration::from_secs(20)).contains(&until_next), "{next}");
    assert!(is_yes(&spend(&*ledger, "a", &rate(0), "0").await), "without a rate");
}

pub async fn a_used_up_rate_is_refilled_evenly(ledger: Arc<dyn Ledger>) {
    // At one a minute it is used up for a minute; then, at 600 a minute, one is due every 100 ms.
    let Allowed::Yes { at: first, .. } = spend(&*ledger, "a", &rate(1), "0").await else {
        panic!("the first");
    };
    for nth in 1..=3 {
        let mut moment = None;
        until("the next is due", async || {
            if let Allowed::Yes { at, left } = spend(&*ledger, "a", &rate(600), "0").await {
                moment = Some((at, left));
            }
            moment.is_some()
        })
        .await;
        let (at, left) = moment.unwrap();
        assert!(at >= first + nth * Duration::from_millis(100), "{nth}: {first} {at}");
        let saved_up = at.since(first).as_millis() / 100 - u128::from(nth);
        assert_eq!(left.map(u128::from), Some(saved_up), "{nth}: {first} {at}");
    }
    assert_eq!(left(&spend(&*ledger, "b", &rate(600), "0").await), Some(599), "after a rest, all");
}

pub async fn many_requests_at_once_never_exceed_a_rate(ledger: Arc<dyn Ledger>) {
    let all = (0..64).map(|_| {
        let ledger = ledger.clone();
        tokio::spawn(async move { spend(&*ledger, "a", &rate(4), "0").await })
    });
    let answers = join_all(all.collect::<Vec<_>>()).await;
    let mut lefts: Vec<_> =
        answers.into_iter().filter_map(|answer| left(&answer.unwrap())).collect();
    lefts.sort_unstable();
    assert_eq!(lefts, [0, 1, 2, 3], "each of four counted once");
}

pub async fn many_requests_at_once_never_exceed_a_budget(ledger: Arc<dyn Ledger>) {
    let budget = capped(None, Some("1"));
    let all = (0..64).map(|_| {
        let ledger = ledger.clone();
        tokio::spawn(async move { spend(&*ledger, "a", &budget, "0.10").await })
    });
    let answers = join_all(all.collect::<Vec<_>>()).await;
    assert_eq!(answers.iter().filter(|answer| is_yes(answer.as_ref().unwrap())).count(), 10);
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("1")), Some(usd("1"))));
}

pub async fn each_budget_holds_until_its_period_is_over(ledger: Arc<dyn Ledger>) {
    use CapPeriod::{Day, Month};
    assert!(is_yes(&spend(&*ledger, "a", &capped(None, None), "0.60").await), "without a cap");
    let [today, this_month] = Period::both_of(now(&*ledger).await);
    for (allowance, period, until) in [
        (capped(Some("1"), None), Day, today.end()),
        (capped(None, Some("1")), Month, this_month.end()),
        (capped(Some("1"), Some("1")), Month, this_month.end()),
        (capped(Some("1"), Some("9")), Day, today.end()),
    ] {
        let allowed = spend(&*ledger, "a", &allowance, "0.400001").await;
        let (cap, used) = (usd("1"), usd("0.60"));
        assert_eq!(allowed, Allowed::OverBudget { period, cap, used, until }, "{allowance:?}");
    }
    let exactly = spend(&*ledger, "a", &capped(Some("1"), Some("1")), "0.40").await;
    assert!(is_yes(&exactly), "{exactly:?}");
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("1")), Some(usd("1"))));
}

pub async fn a_refused_request_uses_nothing(ledger: Arc<dyn Ledger>) {
    let both = Allowance { per_minute: 2, ..capped(Some("1"), None) };
    for _ in 0..3 {
        assert_eq!(used(&spend(&*ledger, "a", &both, "1.01").await), Some(usd("0")));
    }
    assert_eq!(left(&spend(&*ledger, "a", &both, "0.30").await), Some(1), "no rate was used");
    assert_eq!(left(&spend(&*ledger, "a", &both, "0.30").await), Some(0));
    let first = spend(&*ledger, "a", &both, "0.30").await;
    assert!(matches!(first, Allowed::RateUsedUp { .. }), "{first:?}");
    assert_eq!(spend(&*ledger, "a", &both, "0.30").await, first, "it is due no later");
    assert_eq!(used(&spend(&*ledger, "a", &both, "1").await), Some(usd("0.60")), "nor was spent");
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("0.60")), Some(usd("0.60"))));
}

pub async fn no_budget_holds_a_request_without_a_price(ledger: Arc<dyn Ledger>) {
    let both = Allowance { per_minute: 2, ..capped(Some("1"), Some("1")) };
    assert_eq!(left(&spend(&*ledger, "a", &both, "1").await), Some(1));
    // The cap has been lowered since.
    let both = Allowance { per_minute: 2, ..capped(Some("0.5"), Some("0.5")) };
    assert_eq!(used(&spend(&*ledger, "a", &both, "0").await), Some(usd("1")));
    assert_eq!(left(&ledger.spend("a", &both, None).await.unwrap()), Some(0));
    let late = ledger.spend("a", &both, None).await.unwrap();
    assert!(matches!(late, Allowed::RateUsedUp { .. }), "its rate counts: {late:?}");
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("1")), Some(usd("1"))));
}

pub async fn keys_do_not_share_what_they_use(ledger: Arc<dyn Ledger>) {
    let both = Allowance { per_minute: 1, ..capped(Some("1"), Some("1")) };
    for key in ["a", "b", "a_b"] {
        assert_eq!(left(&spend(&*ledger, key, &both, "1").await), Some(0), "{key}");
        assert_eq!(spent(&*ledger, key).await, (Some(usd("1")), Some(usd("1"))), "{key}");
    }
    let at = now(&*ledger).await;
    ledger.give_back("a", usd("0.25"), at).await.unwrap();
    assert_eq!(spent(&*ledger, "b").await.0, Some(usd("1")));
}

pub async fn what_is_given_back_may_be_spent_again(ledger: Arc<dyn Ledger>) {
    let both = Allowance { per_minute: 2, ..capped(Some("1"), Some("1")) };
    let Allowed::Yes { at, .. } = spend(&*ledger, "a", &both, "0.80").await else {
        panic!("the first");
    };
    ledger.give_back("a", usd("0.30"), at).await.unwrap();
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("0.50")), Some(usd("0.50"))));
    assert_eq!(left(&spend(&*ledger, "a", &both, "0.50").await), Some(0), "the rate stays used");
    ledger.give_back("a", usd("0.40"), at).await.unwrap();
    ledger.give_back("a", usd("0.70"), at).await.unwrap();
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("0")), Some(usd("0"))), "never below zero");

    assert!(is_yes(&spend(&*ledger, "a", &capped(None, None), "0.60").await));
    let [today, this_month] = Period::both_of(at);
    let before_today = Timestamp::from_millis(today.begin().as_millis() - 1);
    let before_this_month = Timestamp::from_millis(this_month.begin().as_millis() - 1);
    ledger.give_back("a", usd("0.10"), before_this_month).await.unwrap();
    assert_eq!(spent(&*ledger, "a").await, (Some(usd("0.60")), Some(usd("0.60"))));
    ledger.give_back("a", usd("0.10"), before_today).await.unwrap();
    let (of_day, of_month) = spent(&*ledger, "a").await;
    let same_month = before_today >= this_month.begin();
    let left_of_month = if same_month { usd("0.50") } else { usd("0.60") };
    assert_eq!((of_day, of_month), (Some(usd("0.60")), Some(left_of_month)));
    ledger.give_back("unknown", usd("1"), at).await.unwrap();
    assert_eq!(spent(&*ledger, "unknown").await, (Some(usd("0")), Some(usd("0"))));
}

/// Each answer is that of the pure decision at the time of the store.
pub async fn requests_are_allowed_as_the_decision_says(ledger: Arc<dyn Ledger>) {
    for seed in 1..=4 {
        let (mut requests, mut model) = (Requests::of(seed), BTreeMap::new());
        for step in 0..300 {
            let Request { key, allowance, amount } = requests.next();
            let key = format!("k{seed}_{key}");
            let used: &mut UsedAllowance = model.entry(key.clone()).or_default();
            let before = now(&*ledger).await;
            if requests.is_given_back() {
                ledger.give_back(&key, amount.unwrap_or_default(), before).await.unwrap();
                used.give_back(amount.unwrap_or_default(), before);
                continue;
            }
            let answer = ledger.spend(&key, &allowance, amount).await.unwrap();
            let after = now(&*ledger).await;
            let at = match answer {
                Allowed::Yes { at, .. } => at,
                // As long as it is refused, the answer stays the same.
                Allowed::RateUsedUp { .. } | Allowed::OverBudget { .. } => before,
            };
            assert!((before..=after).contains(&at), "{before} {at} {after}");
            let expected = allowance.spend(used, amount, at);
            assert_eq!(answer, expected, "seed {seed}, step {step}: {allowance:?} {amount:?}");
        }
    }
}
