use std::sync::Arc;
use std::time::Duration;

use job::WaitingCount;

use super::fixture::*;
use ports::{
    Fence, HeldPermit, Ledger, LedgerError, Limits, Permit, PermitReturn, Permitted, Usage,
};

fn permit(pool: &str, id: &str, weight: u32) -> Permit {
    Permit { pool: pool.to_owned(), key: key(id), round: 1, weight, revision: 0 }
}

fn back(permit: &Permit, unspent: bool) -> PermitReturn {
    PermitReturn {
        pool: permit.pool.clone(),
        key: permit.key.clone(),
        round: permit.round,
        revision: permit.revision + 1,
        since: None,
        unspent,
    }
}

fn slots(concurrency: u32) -> Limits {
    Limits::slots(concurrency)
}

/// Nobody waits.
fn only(used: u32) -> Usage {
    Usage { used, waiting: 0 }
}

fn full(used: u32, slots: u32) -> Permitted {
    Permitted::AtLimit { used, slots, waiting: WaitingCount::default() }
}

fn a_day(submissions_per_day: u64) -> Limits {
    Limits { submissions_per_day, ..Limits::default() }
}

async fn take(ledger: &dyn Ledger, fence: &Fence, permit: &Permit, limits: Limits) -> Permitted {
    ledger.take_permit(fence, permit, &limits.into()).await.unwrap()
}

async fn weight_held(ledger: &dyn Ledger, pool: &str) -> u32 {
    let held = ledger.permits(pool).await.unwrap();
    held.iter().map(|held| held.permit.weight).sum()
}

pub async fn permits_are_exact_under_many_takers(ledger: Arc<dyn Ledger>) {
    const SLOTS: u32 = 20;
    let fence = member(&*ledger).await;
    let takers = (0..64_u32).map(|n| {
        let (ledger, fence) = (ledger.clone(), fence.clone());
        let permit = permit("default:images", &format!("job-{n}"), n % 3 + 1);
        tokio::spawn(async move {
            let answer = take(&*ledger, &fence, &permit, slots(SLOTS)).await;
            (permit, answer)
        })
    });
    let mut granted = Vec::new();
    for taker in takers.collect::<Vec<_>>() {
        match taker.await.unwrap() {
            (permit, Permitted::Granted) => granted.push(permit),
            (permit, Permitted::AtLimit { used, .. }) => assert!(used + permit.weight > SLOTS),
            (_, other) => panic!("{other:?}"),
        }
    }
    let sum: u32 = granted.iter().map(|permit| permit.weight).sum();
    assert!((SLOTS - 2..=SLOTS).contains(&sum), "{sum} of {SLOTS} granted");
    assert_eq!(ledger.usage("default:images").await.unwrap(), only(sum));
    assert_eq!(weight_held(&*ledger, "default:images").await, sum);
    let returns: Vec<_> = granted.iter().map(|permit| back(permit, false)).collect();
    ledger.give_permits(&fence, &returns).await.unwrap();
    assert_eq!(ledger.usage("default:images").await.unwrap(), only(0));
    assert_eq!(weight_held(&*ledger, "default:images").await, 0);
}

pub async fn taking_twice_counts_once(ledger: Arc<dyn Ledger>) {
    let (one, two) = (member(&*ledger).await, member(&*ledger).await);
    let limits = Limits { submissions_per_day: 2, ..Limits::slots(3) };
    let mine = permit("pool", "a", 2);
    for fence in [&one, &one, &two] {
        let answer = take(&*ledger, fence, &mine, limits).await;
        assert_eq!(answer, Permitted::Granted);
    }
    assert_eq!(ledger.usage("pool").await.unwrap(), only(2));
    let another = permit("pool", "b", 2);
    let answer = take(&*ledger, &one, &another, limits).await;
    assert_eq!(answer, full(2, 3));
    let last = permit("pool", "c", 1);
    assert_eq!(take(&*ledger, &one, &last, limits).await, Permitted::Granted);
    // Another round of the same job is another permit.
    let again = Permit { round: 2, ..mine };
    let answer = take(&*ledger, &one, &again, slots(4)).await;
    assert_eq!(answer, full(3, 4));
}

/// Two messages with one id may request different numbers of slots at the same time, and either may
/// be the one that is submitted.
pub async fn a_wider_request_takes_the_difference(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let narrow = permit("pool", "a", 1);
    let wide = Permit { weight: 9, ..narrow.clone() };
    let limits = Limits { submissions_per_day: 2, ..Limits::slots(9) };
    assert_eq!(take(&*ledger, &fence, &narrow, limits).await, Permitted::Granted);
    let other = permit("pool", "b", 1);
    assert_eq!(take(&*ledger, &fence, &other, limits).await, Permitted::Granted);
    let at_limit = full(2, 9);
    assert_eq!(take(&*ledger, &fence, &wide, limits).await, at_limit, "nine do not fit beside one");
    assert_eq!(weight_held(&*ledger, "pool").await, 2, "the narrow one may be under way");
    ledger.give_permits(&fence, &[back(&other, false)]).await.unwrap();
    assert_eq!(take(&*ledger, &fence, &wide, limits).await, Permitted::Granted);
    assert_eq!(ledger.usage("pool").await.unwrap(), only(9));
    assert_eq!(weight_held(&*ledger, "pool").await, 9);
    assert_eq!(take(&*ledger, &fence, &narrow, limits).await, Permitted::Granted);
    assert_eq!(ledger.usage("pool").await.unwrap(), only(9), "what is held stays");
    ledger.give_permits(&fence, &[back(&narrow, false)]).await.unwrap();
    assert_eq!(ledger.usage("pool").await.unwrap(), only(0));
}

/// Slots held for an older revision are not in use: they must not be kept while waiting for more.
pub async fn a_wider_request_for_a_newer_reason_gives_up_what_it_held(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let narrow = permit("pool", "a", 1);
    take(&*ledger, &fence, &narrow, slots(9)).await;
    take(&*ledger, &fence, &permit("pool", "b", 3), slots(9)).await;
    let wide = Permit { weight: 9, revision: 4, ..narrow };
    let answer = take(&*ledger, &fence, &wide, slots(9)).await;
    assert_eq!(answer, full(3, 9));
    assert_eq!(ledger.usage("pool").await.unwrap(), only(3));
}

/// Slots in use count in full, whatever the limit is.
pub async fn a_wider_request_without_a_limit_counts_in_full(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let narrow = permit("pool", "a", 1);
    take(&*ledger, &fence, &narrow, slots(1)).await;
    let wide = Permit { weight: 5, ..narrow };
    assert_eq!(take(&*ledger, &fence, &wide, slots(0)).await, Permitted::Granted);
    assert_eq!(ledger.usage("pool").await.unwrap(), only(5));
    assert_eq!(weight_held(&*ledger, "pool").await, 5);
}

pub async fn giving_twice_gives_once(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (mine, other) = (permit("pool", "a", 2), permit("pool", "b", 1));
    for permit in [&mine, &other] {
        take(&*ledger, &fence, permit, slots(0)).await;
    }
    let unknown = permit("elsewhere", "c", 1);
    let returns = [back(&mine, false), back(&mine, false), back(&unknown, false)];
    for _ in 0..2 {
        ledger.give_permits(&fence, &returns).await.unwrap();
        assert_eq!(ledger.usage("pool").await.unwrap(), only(1));
    }
    assert_eq!(ledger.usage("elsewhere").await.unwrap(), only(0));
    let answer = take(&*ledger, &fence, &mine, slots(3)).await;
    assert_eq!(answer, Permitted::Granted);
    assert_eq!(ledger.usage("pool").await.unwrap(), only(3));
}

pub async fn a_late_return_does_not_take_a_slot_from_who_asked_since(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let first = permit("pool", "a", 2);
    take(&*ledger, &fence, &first, slots(3)).await;
    let late = PermitReturn { revision: 4, ..back(&first, true) };
    let again = Permit { revision: 4, weight: 1, ..first.clone() };
    assert_eq!(take(&*ledger, &fence, &again, slots(3)).await, Permitted::Granted);
    assert_eq!(take(&*ledger, &fence, &first, slots(3)).await, Permitted::Granted, "a late taker");
    ledger.give_permits(&fence, &[late]).await.unwrap();
    assert_eq!(ledger.usage("pool").await.unwrap(), only(2), "its weight is that of the first");
    let held = ledger.permits("pool").await.unwrap();
    assert_eq!(held[0].permit.revision, 4);
    ledger.give_permits(&fence, &[held[0].left_behind()]).await.unwrap();
    assert_eq!(ledger.usage("pool").await.unwrap(), only(0));
}

/// After a rebuild, more slots may be held than exist, because some of the holders only wait.
pub async fn a_held_slot_that_is_asked_for_is_free_where_too_many_are_held(
    ledger: Arc<dyn Ledger>,
) {
    let fence = member(&*ledger).await;
    let held: Vec<_> = ["a", "b", "c"].map(|id| permit("pool", id, 1)).into();
    for permit in &held {
        take(&*ledger, &fence, permit, slots(0)).await;
    }
    let twin = take(&*ledger, &fence, &held[0], slots(2)).await;
    let stays = full(3, 2);
    assert_eq!(twin, stays, "one that asks for no newer reason may be using it");
    let asks = |n: usize| Permit { revision: 1, ..held[n].clone() };
    let answer = take(&*ledger, &fence, &asks(0), slots(2)).await;
    assert_eq!(answer, full(2, 2));
    assert_eq!(take(&*ledger, &fence, &asks(1), slots(2)).await, Permitted::Granted);
    assert_eq!(ledger.usage("pool").await.unwrap(), only(2));
    ledger.give_permits(&fence, &[back(&asks(1), false)]).await.unwrap();
    assert_eq!(take(&*ledger, &fence, &asks(0), slots(2)).await, Permitted::Granted);
}

pub async fn held_permits_are_shown(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    assert!(ledger.permits("pool").await.unwrap().is_empty());
    let mut wanted = vec![permit("pool", "a#1/é", 3), permit("pool", "b", 1)];
    (wanted[1].round, wanted[1].revision) = (7, 12);
    let before = ledger.claim_due(&fence, 0, LONG).await.unwrap().now;
    for permit in &wanted {
        take(&*ledger, &fence, permit, slots(9)).await;
    }
    let after = ledger.claim_due(&fence, 0, LONG).await.unwrap().now;
    let mut held = ledger.permits("pool").await.unwrap();
    held.sort_by(|a, b| a.permit.key.cmp(&b.permit.key));
    let in_time = |held: &HeldPermit| held.since + TICK >= before && held.since <= after + TICK;
    assert!(held.iter().all(in_time), "{held:?}");
    let found: Vec<_> = held.into_iter().map(|held| held.permit).collect();
    assert_eq!(found, wanted);
}

/// Two processes may see a permit that is not needed. Once one has released it, the job may request
/// it again.
pub async fn what_was_left_behind_is_given_back_once(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let permit = permit("pool", "a", 1);
    take(&*ledger, &fence, &permit, slots(1)).await;
    let left = ledger.permits("pool").await.unwrap()[0].left_behind();
    ledger.give_permits(&fence, std::slice::from_ref(&left)).await.unwrap();
    assert_eq!(ledger.usage("pool").await.unwrap(), only(0));
    until("another moment", async || {
        let now = ledger.claim_due(&fence, 0, LONG).await.unwrap().now;
        left.since.is_some_and(|since| now > since)
    })
    .await;
    for _ in 0..2 {
        take(&*ledger, &fence, &permit, slots(1)).await;
        ledger.give_permits(&fence, std::slice::from_ref(&left)).await.unwrap();
        assert_eq!(ledger.usage("pool").await.unwrap(), only(1));
    }
}

pub async fn pools_do_not_share_slots(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for pool in ["one", "two"] {
        let answer = take(&*ledger, &fence, &permit(pool, "a", 1), slots(1)).await;
        assert_eq!(answer, Permitted::Granted);
    }
    let answer = take(&*ledger, &fence, &permit("one", "b", 1), slots(1)).await;
    assert_eq!(answer, full(1, 1));
    let first = back(&permit("one", "a", 1), false);
    ledger.give_permits(&fence, &[first]).await.unwrap();
    assert_eq!(ledger.usage("one").await.unwrap(), only(0));
    assert_eq!(ledger.usage("two").await.unwrap(), only(1));
}

pub async fn zero_is_no_limit(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for n in 0..50 {
        let permit = permit("pool", &format!("job-{n}"), 9);
        let answer = take(&*ledger, &fence, &permit, Limits::default()).await;
        assert_eq!(answer, Permitted::Granted);
    }
    assert_eq!(ledger.usage("pool").await.unwrap(), only(450));
}

pub async fn a_day_has_its_limit(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    // Over all pools, and including submissions made while there was no limit.
    take(&*ledger, &fence, &permit("own:videos", "a", 5), slots(0)).await;
    take(&*ledger, &fence, &permit("own:images", "b", 1), a_day(2)).await;
    let third = permit("own:images", "c", 1);
    let now = ledger.claim_due(&fence, 0, LONG).await.unwrap().now;
    match take(&*ledger, &fence, &third, a_day(2)).await {
        Permitted::DayOver { until } => {
            assert_eq!(until.as_millis() % 86_400_000, 0, "{until} is no midnight");
            assert!(until > now && until.since(now).as_secs() <= 86_400);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(ledger.usage("own:images").await.unwrap(), only(1));
    let held = take(&*ledger, &fence, &permit("own:videos", "a", 5), a_day(2)).await;
    assert_eq!(held, Permitted::Granted, "it was paid for already");
    assert_eq!(take(&*ledger, &fence, &third, a_day(3)).await, Permitted::Granted);
}

pub async fn the_submissions_of_a_day_are_counted_for_each_account(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (one, two) = (permit("one:images", "a", 1), permit("two:images", "b", 1));
    assert_eq!(take(&*ledger, &fence, &one, a_day(1)).await, Permitted::Granted);
    assert_eq!(take(&*ledger, &fence, &two, a_day(1)).await, Permitted::Granted);
    let next = |pool| permit(pool, "c", 1);
    // Each return is counted where its slot was.
    ledger.give_permits(&fence, &[back(&one, false), back(&two, true)]).await.unwrap();
    let answer = take(&*ledger, &fence, &next("one:videos"), a_day(1)).await;
    assert!(matches!(answer, Permitted::DayOver { .. }), "{answer:?}");
    assert_eq!(take(&*ledger, &fence, &next("two:videos"), a_day(1)).await, Permitted::Granted);
}

pub async fn an_unspent_return_gives_the_day_its_submission_back(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (spent, unspent) = (permit("pool", "a", 1), permit("pool", "b", 1));
    take(&*ledger, &fence, &spent, a_day(2)).await;
    take(&*ledger, &fence, &unspent, a_day(2)).await;
    let next = permit("pool", "c", 1);
    ledger.give_permits(&fence, &[back(&spent, false)]).await.unwrap();
    let answer = take(&*ledger, &fence, &next, a_day(2)).await;
    assert!(matches!(answer, Permitted::DayOver { .. }), "{answer:?}");
    for _ in 0..2 {
        ledger.give_permits(&fence, &[back(&unspent, true)]).await.unwrap();
    }
    assert_eq!(take(&*ledger, &fence, &next, a_day(2)).await, Permitted::Granted);
    let answer = take(&*ledger, &fence, &unspent, a_day(2)).await;
    assert!(matches!(answer, Permitted::DayOver { .. }), "{answer:?}");
}

pub async fn one_owner_at_a_time_has_the_turn_of_a_pool(ledger: Arc<dyn Ledger>) {
    let (one, another) = (member(&*ledger).await, member(&*ledger).await);
    let turn = async |fence: &Fence, pool| ledger.take_turn(fence, pool, LONG).await.unwrap();
    assert!(turn(&one, "default:videos").await);
    assert!(turn(&one, "default:videos").await, "it is its own");
    assert!(!turn(&another, "default:videos").await);
    assert!(turn(&another, "default:images").await, "another pool's");
    ledger.end_turn(&another, "default:videos").await.unwrap();
    assert!(!turn(&another, "default:videos").await, "not its own to end");
    ledger.end_turn(&one, "default:videos").await.unwrap();
    assert!(turn(&another, "default:videos").await);
}

pub async fn a_turn_that_nobody_ends_is_over_by_itself(ledger: Arc<dyn Ledger>) {
    let (one, another) = (member(&*ledger).await, member(&*ledger).await);
    // Long enough that a slow machine asks again before it is over.
    let lasts = SHORT * 10;
    let turn =
        async |fence: &Fence| ledger.take_turn(fence, "default:videos", lasts).await.unwrap();
    assert!(turn(&one).await);
    until("the end of the turn", async || turn(&another).await).await;
    assert!(!turn(&one).await, "it is the other's now");
}

pub async fn a_turn_is_refused_to_whoever_lost_its_lease(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    ledger.leave(&fence).await.unwrap();
    let turn = ledger.take_turn(&fence, "default:videos", Duration::from_secs(1)).await;
    assert_eq!(turn, Err(LedgerError::Fenced));
}
