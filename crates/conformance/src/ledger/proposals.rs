use std::sync::Arc;

use super::fixture::*;
use ports::{AccountTask, Ledger, MOST_PROPOSALS};

async fn proposed(door: &dyn Ledger, id: &str, round: u32) -> Vec<String> {
    door.proposals(&key(id), round).await.unwrap()
}

fn task(account: &str, id: &str) -> AccountTask {
    AccountTask { account: account.to_owned(), id: id.to_owned() }
}

pub async fn a_proposal_needs_no_record_and_expires(door: Arc<dyn Ledger>) {
    assert!(proposed(&*door, "a", 1).await.is_empty());
    door.propose(&key("a"), 1, "7", LONG).await.unwrap();
    assert_eq!(proposed(&*door, "a", 1).await, ["7"]);
    let fence = member(&*door).await;
    created(&*door, &fence, plain(record("a"))).await;
    swapped(&*door, &fence, 1, plain(in_state("a", in_doubt()))).await;
    assert_eq!(proposed(&*door, "a", 1).await, ["7"], "a write of the record leaves it");

    door.propose(&key("b"), 1, "8", SHORT).await.unwrap();
    until("the proposal to expire", async || proposed(&*door, "b", 1).await.is_empty()).await;
    door.propose(&key("b"), 1, "9", LONG).await.unwrap();
    assert_eq!(proposed(&*door, "b", 1).await, ["9"], "what expired stays away");
}

pub async fn proposals_are_few_and_in_order(door: Arc<dyn Ledger>) {
    let ids: Vec<String> = (0..MOST_PROPOSALS + 2).map(|n| format!("{}", 9 - n)).collect();
    for id in &ids {
        for _ in 0..2 {
            door.propose(&key("a"), 1, id, LONG).await.unwrap();
        }
    }
    assert_eq!(proposed(&*door, "a", 1).await, ids[..MOST_PROPOSALS]);
    door.propose(&key("a"), 1, &ids[0], LONG).await.unwrap();
    assert_eq!(proposed(&*door, "a", 1).await, ids[..MOST_PROPOSALS], "a repeat changes nothing");
}

pub async fn proposals_of_jobs_and_rounds_are_kept_apart(door: Arc<dyn Ledger>) {
    for (id, round, task) in [("a", 1, "1"), ("a", 2, "2"), ("a#1", 1, "3"), ("b", 1, "1")] {
        door.propose(&key(id), round, task, LONG).await.unwrap();
    }
    assert_eq!(proposed(&*door, "a", 1).await, ["1"]);
    assert_eq!(proposed(&*door, "a", 2).await, ["2"]);
    assert_eq!(proposed(&*door, "a#1", 1).await, ["3"]);
    assert_eq!(proposed(&*door, "b", 1).await, ["1"]);
    assert!(proposed(&*door, "b", 2).await.is_empty());
}

pub async fn a_task_has_one_owner(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let seven = task("default", "7");
    for _ in 0..2 {
        assert!(door.claim_task(&fence, &seven, &key("a"), 1).await.unwrap(), "it stays its own");
    }
    assert!(!door.claim_task(&fence, &seven, &key("b"), 1).await.unwrap());
    assert!(!door.claim_task(&fence, &seven, &key("a"), 2).await.unwrap(), "another payment");
    assert!(door.claim_task(&fence, &task("default", "8"), &key("b"), 1).await.unwrap());
    door.leave(&fence).await.unwrap();
    let late = door.claim_task(&fence, &task("default", "9"), &key("a"), 1).await;
    assert_eq!(late, Err(ports::LedgerError::Fenced));
}

pub async fn one_of_many_claimers_owns_a_task(door: Arc<dyn Ledger>) {
    let fence = Arc::new(member(&*door).await);
    let claimers = (0..16).map(|n| {
        let (door, fence) = (door.clone(), fence.clone());
        tokio::spawn(async move {
            let key = key(&format!("job-{n}"));
            door.claim_task(&fence, &task("default", "7"), &key, 1).await.unwrap()
        })
    });
    let mut owners = 0;
    for claimer in claimers.collect::<Vec<_>>() {
        owners += usize::from(claimer.await.unwrap());
    }
    assert_eq!(owners, 1);
}

pub async fn accounts_do_not_share_tasks(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    for (account, id, owner) in [("a", "7", "one"), ("b", "7", "two"), ("a:7", "", "three")] {
        let task = task(account, id);
        assert!(door.claim_task(&fence, &task, &key(owner), 1).await.unwrap(), "{task:?}");
    }
}
