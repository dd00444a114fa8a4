use std::sync::Arc;

use super::fixture::*;
use ports::{AccountTask, Ledger, MOST_PROPOSALS};

async fn proposed(ledger: &dyn Ledger, id: &str, round: u32) -> Vec<String> {
    ledger.proposals(&key(id), round).await.unwrap()
}

fn task(account: &str, id: &str) -> AccountTask {
    AccountTask { account: account.to_owned(), id: id.to_owned() }
}

pub async fn a_proposal_needs_no_record_and_expires(ledger: Arc<dyn Ledger>) {
    assert!(proposed(&*ledger, "a", 1).await.is_empty());
    ledger.propose(&key("a"), 1, "7", LONG).await.unwrap();
    assert_eq!(proposed(&*ledger, "a", 1).await, ["7"]);
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    swapped(&*ledger, &fence, 1, plain(in_state("a", in_doubt()))).await;
    assert_eq!(proposed(&*ledger, "a", 1).await, ["7"], "a write of the record leaves it");

    ledger.propose(&key("b"), 1, "8", SHORT).await.unwrap();
    until("the proposal to expire", async || proposed(&*ledger, "b", 1).await.is_empty()).await;
    ledger.propose(&key("b"), 1, "9", LONG).await.unwrap();
    assert_eq!(proposed(&*ledger, "b", 1).await, ["9"], "what expired stays away");
}

pub async fn proposals_are_few_and_in_order(ledger: Arc<dyn Ledger>) {
    let ids: Vec<String> = (0..MOST_PROPOSALS + 2).map(|n| format!("{}", 9 - n)).collect();
    for id in &ids {
        for _ in 0..2 {
            ledger.propose(&key("a"), 1, id, LONG).await.unwrap();
        }
    }
    assert_eq!(proposed(&*ledger, "a", 1).await, ids[..MOST_PROPOSALS]);
    ledger.propose(&key("a"), 1, &ids[0], LONG).await.unwrap();
    assert_eq!(proposed(&*ledger, "a", 1).await, ids[..MOST_PROPOSALS], "a repeat changes nothing");
}

pub async fn proposals_of_jobs_and_rounds_are_kept_apart(ledger: Arc<dyn Ledger>) {
    for (id, round, task) in [("a", 1, "1"), ("a", 2, "2"), ("a#1", 1, "3"), ("b", 1, "1")] {
        ledger.propose(&key(id), round, task, LONG).await.unwrap();
    }
    assert_eq!(proposed(&*ledger, "a", 1).await, ["1"]);
    assert_eq!(proposed(&*ledger, "a", 2).await, ["2"]);
    assert_eq!(proposed(&*ledger, "a#1", 1).await, ["3"]);
    assert_eq!(proposed(&*ledger, "b", 1).await, ["1"]);
    assert!(proposed(&*ledger, "b", 2).await.is_empty());
}

pub async fn a_task_has_one_owner(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let seven = task("default", "7");
    for _ in 0..2 {
        assert!(ledger.claim_task(&fence, &seven, &key("a"), 1).await.unwrap(), "it stays its own");
    }
    assert!(!ledger.claim_task(&fence, &seven, &key("b"), 1).await.unwrap());
    assert!(!ledger.claim_task(&fence, &seven, &key("a"), 2).await.unwrap(), "another payment");
    assert!(ledger.claim_task(&fence, &task("default", "8"), &key("b"), 1).await.unwrap());
    ledger.leave(&fence).await.unwrap();
    let late = ledger.claim_task(&fence, &task("default", "9"), &key("a"), 1).await;
    assert_eq!(late, Err(ports::LedgerError::Fenced));
}

pub async fn one_of_many_claimers_owns_a_task(ledger: Arc<dyn Ledger>) {
    let fence = Arc::new(member(&*ledger).await);
    let claimers = (0..16).map(|n| {
        let (ledger, fence) = (ledger.clone(), fence.clone());
        tokio::spawn(async move {
            let key = key(&format!("job-{n}"));
            ledger.claim_task(&fence, &task("default", "7"), &key, 1).await.unwrap()
        })
    });
    let mut owners = 0;
    for claimer in claimers.collect::<Vec<_>>() {
        owners += usize::from(claimer.await.unwrap());
    }
    assert_eq!(owners, 1);
}

pub async fn accounts_do_not_share_tasks(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (account, id, owner) in [("a", "7", "one"), ("b", "7", "two"), ("a:7", "", "three")] {
        let task = task(account, id);
        assert!(ledger.claim_task(&fence, &task, &key(owner), 1).await.unwrap(), "{task:?}");
    }
}

async fn owner(ledger: &dyn Ledger, account: &str, id: &str) -> Option<String> {
    let owner = ledger.task_owner(&task(account, id)).await.unwrap();
    owner.map(|key| key.to_string())
}

pub async fn the_owner_of_a_task_is_found(ledger: Arc<dyn Ledger>) {
    assert_eq!(owner(&*ledger, "default", "7").await, None);
    let fence = member(&*ledger).await;
    for (id, claimer, round) in
        [("7", "a#2", 1), ("file-7", "a#2", 1), ("7", "b", 1), ("7", "a#2", 2), ("8", "b", 2)]
    {
        ledger.claim_task(&fence, &task("default", id), &key(claimer), round).await.unwrap();
    }
    let (first, second) = (key("a#2").to_string(), key("b").to_string());
    for id in ["7", "file-7"] {
        assert_eq!(owner(&*ledger, "default", id).await.as_ref(), Some(&first), "{id}");
    }
    assert_eq!(owner(&*ledger, "default", "8").await, Some(second));
    ledger.leave(&fence).await.unwrap();
    assert_eq!(owner(&*ledger, "default", "7").await, Some(first), "its process is gone");
}

pub async fn an_owner_is_found_with_its_account_only(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (account, id, claimer) in [("a", "7", "one"), ("b", "7", "two"), ("a:7", "", "three")] {
        let claimed = ledger.claim_task(&fence, &task(account, id), &key(claimer), 1).await;
        assert!(claimed.unwrap());
    }
    for (account, id, expected) in [
        ("a", "7", Some("one")),
        ("b", "7", Some("two")),
        ("a:7", "", Some("three")),
        ("c", "7", None),
        ("a", "", None),
        ("a", "7:", None),
    ] {
        let expected = expected.map(|id| key(id).to_string());
        assert_eq!(owner(&*ledger, account, id).await, expected, "{account} {id}");
    }
}
