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

async fn claim(door: &dyn Ledger, fence: &Fence, limit: usize) -> Claimed<Stored> {
    door.claim_due(fence, limit, LONG).await.unwrap()
}

pub async fn what_is_due_comes_in_order(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    for (id, due) in [("c", 3_000), ("a", 1_000), ("e", 5_000), ("b", 2_000), ("d", 4_000)] {
        let write = due_at(in_state(id, pending()), Timestamp::from_millis(due));
        created(&*door, &fence, write).await;
    }
    created(&*door, &fence, due_at(record("later"), FUTURE)).await;
    created(&*door, &fence, plain(record("never"))).await;
    let claimed = claim(&*door, &fence, 10).await;
    assert_eq!(ids(&claimed), ["a", "b", "c", "d", "e"]);
    assert_eq!(claimed.items[0].record, shown(&in_state("a", pending())));
}

pub async fn a_claim_keeps_others_away_and_comes_again(door: Arc<dyn Ledger>) {
    let (one, two) = (member(&*door).await, member(&*door).await);
    created(&*door, &one, due_at(record("a"), PAST)).await;
    let claimed = claim(&*door, &one, 10).await;
    assert_eq!(ids(&claimed), ["a"]);
    let other = claim(&*door, &two, 10).await;
    assert!(other.items.is_empty(), "it is kept from others");
    let back = other.next.expect("it comes again");
    assert!(back + TICK >= claimed.now + LONG && back <= other.now + LONG + TICK);

    swapped(&*door, &one, 1, due_at(record("a"), PAST)).await;
    let claimed = door.claim_due(&one, 10, SHORT).await.unwrap();
    assert_eq!(ids(&claimed), ["a"]);
    let mut again = claimed.clone();
    until("the claim to end", async || {
        again = claim(&*door, &two, 10).await;
        !again.items.is_empty()
    })
    .await;
    assert_eq!(ids(&again), ["a"]);
    assert!(again.now + TICK >= claimed.now + SHORT, "not before its lease has ended");
}

/// A claim made while the owner was alive must not delay the discovery of its orphan.
pub async fn a_claim_ends_with_the_lease_of_the_owner(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let (lasting, brief) = (member(&*door).await, door.join(CREATED, SHORT * 4).await.unwrap());
    let of = |id, owner: &Fence| due_at(in_state(id, submitting(&owner.owner)), PAST);
    created(&*door, &fence, of("orphan", &brief)).await;
    created(&*door, &fence, of("owned", &lasting)).await;
    let claimed = door.claim_due(&fence, 10, LONG / 2).await.unwrap();
    assert!(claimed.items.len() == 2 && claimed.items.iter().all(|item| item.owner_alive));
    let mut again = claimed.clone();
    until("the owner's lease to end", async || {
        again = claim(&*door, &fence, 10).await;
        !again.items.is_empty()
    })
    .await;
    assert_eq!(ids(&again), ["orphan"], "the claim of the other is as long as was asked");
    assert!(!again.items[0].owner_alive, "not before");
    assert!(again.next.is_some_and(|next| next <= claimed.now + LONG / 2 + TICK));
    assert!(claim(&*door, &fence, 10).await.items.is_empty(), "nobody owns it: in full again");
}

pub async fn a_claim_leaves_the_version(door: Arc<dyn Ledger>) {
    let (one, two) = (member(&*door).await, member(&*door).await);
    created(&*door, &one, due_at(record("a"), PAST)).await;
    assert_eq!(claim(&*door, &one, 10).await.items[0].version, 1);
    assert_eq!(loaded(&*door, "a").await.version, 1);
    // A claim is advice: another owner with the right version may write.
    assert_eq!(swapped(&*door, &two, 1, plain(record("a"))).await, 2);
}

pub async fn a_claim_tells_when_the_next_is_due(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let nothing = claim(&*door, &fence, 10).await;
    assert_eq!((nothing.items.len(), nothing.next), (0, None));
    let sooner = FUTURE + Duration::from_millis(1);
    let later = FUTURE + Duration::from_millis(2);
    created(&*door, &fence, due_at(record("later"), later)).await;
    created(&*door, &fence, due_at(record("sooner"), sooner)).await;
    created(&*door, &fence, due_at(record("now"), PAST)).await;
    let zero = claim(&*door, &fence, 0).await;
    assert_eq!((zero.items.len(), zero.next), (0, Some(PAST)));
    let claimed = claim(&*door, &fence, 10).await;
    assert_eq!(ids(&claimed), ["now"]);
    assert_eq!(claimed.next, Some(sooner), "what was claimed here does not count");
    let wall = ports::Clock::now(&ports::SystemClock);
    let apart = (wall.as_millis() - claimed.now.as_millis()).abs();
    assert!(apart < 60_000, "the store's time is {}", claimed.now);
}

pub async fn a_claim_keeps_to_its_limit(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    for n in 0..23 {
        let write = due_at(record(&format!("job-{n}")), PAST);
        created(&*door, &fence, write).await;
    }
    let mut sizes = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..6 {
        let claimed = claim(&*door, &fence, 5).await;
        sizes.push(claimed.items.len());
        seen.extend(ids(&claimed).into_iter().map(str::to_owned));
        if seen.len() < 23 {
            assert_eq!(claimed.next, Some(PAST), "more is due");
        }
    }
    assert_eq!(sizes, [5, 5, 5, 5, 3, 0]);
    assert_eq!(seen.len(), 23);
}

pub async fn two_claimers_never_share(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    for n in 0..60 {
        let write = due_at(record(&format!("job-{n}")), PAST);
        created(&*door, &fence, write).await;
    }
    let claimers = (0..6).map(|_| {
        let door = door.clone();
        tokio::spawn(async move {
            let fence = member(&*door).await;
            let mut mine = Vec::new();
            loop {
                let claimed = claim(&*door, &fence, 3).await;
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

pub async fn a_swap_without_due_ends_the_looking(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    created(&*door, &fence, due_at(record("a"), PAST)).await;
    created(&*door, &fence, due_at(record("b"), FUTURE)).await;
    swapped(&*door, &fence, 1, plain(record("a"))).await;
    swapped(&*door, &fence, 1, plain(record("b"))).await;
    let claimed = claim(&*door, &fence, 10).await;
    assert_eq!((claimed.items.len(), claimed.next), (0, None));
    swapped(&*door, &fence, 2, due_at(record("a"), PAST)).await;
    assert_eq!(ids(&claim(&*door, &fence, 10).await), ["a"]);
}

pub async fn look_now_brings_it_forward(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    created(&*door, &fence, due_at(record("a"), FUTURE)).await;
    assert!(claim(&*door, &fence, 10).await.items.is_empty());
    door.look_now(&key("a")).await.unwrap();
    assert_eq!(ids(&claim(&*door, &fence, 10).await), ["a"]);
    // Also right after a claim: the hint may be newer than that query.
    door.look_now(&key("a")).await.unwrap();
    assert_eq!(ids(&claim(&*door, &fence, 10).await), ["a"]);
    swapped(&*door, &fence, 1, due_at(record("a"), PAST)).await;
    door.look_now(&key("a")).await.unwrap();
    let next = claim(&*door, &fence, 0).await.next;
    assert_eq!(next, Some(PAST), "it never puts anything off");
}

pub async fn look_now_finds_nothing_that_is_not_due_some_day(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    created(&*door, &fence, plain(record("a"))).await;
    door.look_now(&key("a")).await.unwrap();
    door.look_now(&key("unknown")).await.unwrap();
    let claimed = claim(&*door, &fence, 10).await;
    assert_eq!((claimed.items.len(), claimed.next), (0, None));
}
