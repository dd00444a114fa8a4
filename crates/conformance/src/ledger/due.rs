use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use job::Timestamp;

use super::fixture::*;
use ports::{Claimed, Fence, Ledger, Stored};

fn ids(claimed: &Claimed<Stored>) -> Vec<&str> {
    let items = claimed.items.iter();
    items.map(|stored| stored.record.key.id.as_str()).collect()
}

async fn claim(ledger: &dyn Ledger, fence: &Fence, limit: usize) -> Claimed<Stored> {
    ledger.claim_due(fence, limit, LONG).await.unwrap()
}

pub async fn what_is_due_comes_in_order(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (id, due) in [("c", 3_000), ("a", 1_000), ("e", 5_000), ("b", 2_000), ("d", 4_000)] {
        let write = due_at(in_state(id, pending()), Timestamp::from_millis(due));
        created(&*ledger, &fence, write).await;
    }
    created(&*ledger, &fence, due_at(record("later"), FUTURE)).await;
    created(&*ledger, &fence, plain(record("never"))).await;
    let claimed = claim(&*ledger, &fence, 10).await;
    assert_eq!(ids(&claimed), ["a", "b", "c", "d", "e"]);
    assert_eq!(claimed.items[0].record, shown(&in_state("a", pending())));
}

pub async fn a_claim_keeps_others_away_and_comes_again(ledger: Arc<dyn Ledger>) {
    let (one, two) = (member(&*ledger).await, member(&*ledger).await);
    created(&*ledger, &one, due_at(record("a"), PAST)).await;
    let claimed = claim(&*ledger, &one, 10).await;
    assert_eq!(ids(&claimed), ["a"]);
    let other = claim(&*ledger, &two, 10).await;
    assert!(other.items.is_empty(), "it is kept from others");
    let back = other.next.expect("it comes again");
    assert!(back + TICK >= claimed.now + LONG && back <= other.now + LONG + TICK);

    swapped(&*ledger, &one, 1, due_at(record("a"), PAST)).await;
    let claimed = ledger.claim_due(&one, 10, SHORT).await.unwrap();
    assert_eq!(ids(&claimed), ["a"]);
    let mut again = claimed.clone();
    until("the claim to end", async || {
        again = claim(&*ledger, &two, 10).await;
        !again.items.is_empty()
    })
    .await;
    assert_eq!(ids(&again), ["a"]);
    assert!(again.now + TICK >= claimed.now + SHORT, "not before its lease has ended");
}

/// A claim made while the owner was alive must not delay the discovery of its orphan.
pub async fn a_claim_ends_with_the_lease_of_the_owner(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let (lasting, brief) = (member(&*ledger).await, ledger.join(CREATED, SHORT * 4).await.unwrap());
    let of = |id, owner: &Fence| due_at(in_state(id, submitting(&owner.owner)), PAST);
    created(&*ledger, &fence, of("orphan", &brief)).await;
    created(&*ledger, &fence, of("owned", &lasting)).await;
    let claimed = ledger.claim_due(&fence, 10, LONG / 2).await.unwrap();
    assert!(claimed.items.len() == 2 && claimed.items.iter().all(|item| item.owner_alive));
    let mut again = claimed.clone();
    until("the owner's lease to end", async || {
        again = claim(&*ledger, &fence, 10).await;
        !again.items.is_empty()
    })
    .await;
    assert_eq!(ids(&again), ["orphan"], "the claim of the other is as long as was asked");
    assert!(!again.items[0].owner_alive, "not before");
    assert!(again.next.is_some_and(|next| next <= claimed.now + LONG / 2 + TICK));
    assert!(claim(&*ledger, &fence, 10).await.items.is_empty(), "nobody owns it: in full again");
}

pub async fn a_claim_leaves_the_version(ledger: Arc<dyn Ledger>) {
    let (one, two) = (member(&*ledger).await, member(&*ledger).await);
    created(&*ledger, &one, due_at(record("a"), PAST)).await;
    assert_eq!(claim(&*ledger, &one, 10).await.items[0].version, 1);
    assert_eq!(loaded(&*ledger, "a").await.version, 1);
    // A claim is advice: another owner with the right version may write.
    assert_eq!(swapped(&*ledger, &two, 1, plain(record("a"))).await, 2);
}

pub async fn a_claim_tells_when_the_next_is_due(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let nothing = claim(&*ledger, &fence, 10).await;
    assert_eq!((nothing.items.len(), nothing.next), (0, None));
    let sooner = FUTURE + Duration::from_millis(1);
    let later = FUTURE + Duration::from_millis(2);
    created(&*ledger, &fence, due_at(record("later"), later)).await;
    created(&*ledger, &fence, due_at(record("sooner"), sooner)).await;
    created(&*ledger, &fence, due_at(record("now"), PAST)).await;
    let zero = claim(&*ledger, &fence, 0).await;
    assert_eq!((zero.items.len(), zero.next), (0, Some(PAST)));
    let claimed = claim(&*ledger, &fence, 10).await;
    assert_eq!(ids(&claimed), ["now"]);
    assert_eq!(claimed.next, Some(sooner), "what was claimed here does not count");
    let wall = ports::Clock::now(&ports::SystemClock);
    let apart = (wall.as_millis() - claimed.now.as_millis()).abs();
    assert!(apart < 60_000, "the store's time is {}", claimed.now);
}

pub async fn a_claim_keeps_to_its_limit(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for n in 0..23 {
        let write = due_at(record(&format!("job-{n}")), PAST);
        created(&*ledger, &fence, write).await;
    }
    let mut sizes = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..6 {
        let claimed = claim(&*ledger, &fence, 5).await;
        sizes.push(claimed.items.len());
        seen.extend(ids(&claimed).into_iter().map(str::to_owned));
        if seen.len() < 23 {
            assert_eq!(claimed.next, Some(PAST), "more is due");
        }
    }
    assert_eq!(sizes, [5, 5, 5, 5, 3, 0]);
    assert_eq!(seen.len(), 23);
}

pub async fn two_claimers_never_share(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for n in 0..60 {
        let write = due_at(record(&format!("job-{n}")), PAST);
        created(&*ledger, &fence, write).await;
    }
    let claimers = (0..6).map(|_| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let fence = member(&*ledger).await;
            let mut mine = Vec::new();
            loop {
                let claimed = claim(&*ledger, &fence, 3).await;
                if claimed.items.is_empty() {
                    return mine;
                }
                mine.extend(ids(&claimed).into_iter().map(str::to_owned));
            }
        })
    });
    let mut all = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        all.extend(claimer.await.unwrap());
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 60);
}

pub async fn a_swap_without_due_ends_the_looking(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, due_at(record("a"), PAST)).await;
    created(&*ledger, &fence, due_at(record("b"), FUTURE)).await;
    swapped(&*ledger, &fence, 1, plain(record("a"))).await;
    swapped(&*ledger, &fence, 1, plain(record("b"))).await;
    let claimed = claim(&*ledger, &fence, 10).await;
    assert_eq!((claimed.items.len(), claimed.next), (0, None));
    swapped(&*ledger, &fence, 2, due_at(record("a"), PAST)).await;
    assert_eq!(ids(&claim(&*ledger, &fence, 10).await), ["a"]);
}

pub async fn look_now_brings_it_forward(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, due_at(record("a"), FUTURE)).await;
    assert!(claim(&*ledger, &fence, 10).await.items.is_empty());
    ledger.look_now(&key("a")).await.unwrap();
    assert_eq!(ids(&claim(&*ledger, &fence, 10).await), ["a"]);
    // Also right after a claim: the hint may be newer than that query.
    ledger.look_now(&key("a")).await.unwrap();
    assert_eq!(ids(&claim(&*ledger, &fence, 10).await), ["a"]);
    swapped(&*ledger, &fence, 1, due_at(record("a"), PAST)).await;
    ledger.look_now(&key("a")).await.unwrap();
    let next = claim(&*ledger, &fence, 0).await.next;
    assert_eq!(next, Some(PAST), "it never puts anything off");
}

pub async fn look_now_finds_nothing_that_is_not_due_some_day(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    ledger.look_now(&key("a")).await.unwrap();
    ledger.look_now(&key("unknown")).await.unwrap();
    let claimed = claim(&*ledger, &fence, 10).await;
    assert_eq!((claimed.items.len(), claimed.next), (0, None));
}
