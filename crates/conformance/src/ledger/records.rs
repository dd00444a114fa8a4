use std::sync::Arc;

use job::{JobId, JobKey, JsonObject, Kept, Request, Tenant};
use serde_json::Value;

use super::fixture::*;
use ports::{Created, Ledger, LedgerError, Stored, Swapped};

pub async fn a_record_is_created_once_and_then_shown(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let first = record("a");
    created(&*door, &fence, plain(first.clone())).await;
    let there = Stored { record: shown(&first), version: 1, owner_alive: false };
    assert_eq!(loaded(&*door, "a").await, there);
    let second = in_state("a", pending());
    let again = door.create(&fence, due_at(second, PAST)).await.unwrap();
    assert_eq!(again, Created::Exists(Box::new(there.clone())));
    assert_eq!(loaded(&*door, "a").await, there);
    let claimed = door.claim_due(&fence, 9, LONG).await.unwrap();
    assert!(claimed.items.is_empty(), "the second had no effect");
}

pub async fn nothing_is_loaded_where_nothing_is(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    created(&*door, &fence, plain(record("a"))).await;
    assert_eq!(door.load(&key("b")).await.unwrap(), None);
}

pub async fn a_swap_raises_the_version(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    created(&*door, &fence, plain(record("a"))).await;
    let next = in_state("a", pending());
    assert_eq!(swapped(&*door, &fence, 1, plain(next.clone())).await, 2);
    assert_eq!(swapped(&*door, &fence, 2, plain(next.clone())).await, 3);
    let there = loaded(&*door, "a").await;
    assert_eq!((there.version, there.record), (3, shown(&next)));
}

pub async fn a_swap_from_an_old_version_changes_nothing(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    created(&*door, &fence, plain(record("a"))).await;
    swapped(&*door, &fence, 1, plain(in_state("a", pending()))).await;
    let there = loaded(&*door, "a").await;
    for wrong in [0, 1, 3] {
        let write = due_at(in_state("a", settled()), PAST);
        let answer = door.swap(&fence, wrong, write).await.unwrap();
        assert_eq!(answer, Swapped::Stale(Some(Box::new(there.clone()))));
    }
    assert_eq!(loaded(&*door, "a").await, there);
    let claimed = door.claim_due(&fence, 9, LONG).await.unwrap();
    assert!(claimed.items.is_empty());
}

pub async fn a_swap_of_nothing_is_stale(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    for expected in [0, 1] {
        let answer = door.swap(&fence, expected, plain(record("a"))).await;
        assert_eq!(answer.unwrap(), Swapped::Stale(None));
    }
    assert_eq!(door.load(&key("a")).await.unwrap(), None);
}

pub async fn numbers_keep_their_digits(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let mut exact = record("a");
    let numbers = r#"{"a":12345678901234567890123,"b":[1.10,-1e400]}"#;
    exact.metadata = JsonObject::read(numbers).unwrap();
    exact.request = Kept::Here(Request::new(exact.metadata.clone()));
    created(&*door, &fence, due_at(exact.clone(), PAST)).await;
    let claimed = door.claim_due(&fence, 1, LONG).await.unwrap();
    for record in [loaded(&*door, "a").await.record, claimed.items[0].record.clone()] {
        assert_eq!(record, shown(&exact));
        assert_eq!(serde_json::to_string(&record.metadata).unwrap(), numbers);
    }
    let whole = door.load_whole(&key("a")).await.unwrap().unwrap();
    assert_eq!(serde_json::to_string(&whole.record.request).unwrap(), numbers);
}

pub async fn a_late_voice_cannot_swap(door: Arc<dyn Ledger>) {
    let old = member(&*door).await;
    created(&*door, &old, plain(in_state("a", submitting(&old.owner)))).await;
    door.leave(&old).await.unwrap();
    let new = member(&*door).await;
    swapped(&*door, &new, 1, plain(in_state("a", in_doubt()))).await;
    // Even with the version that is there now.
    for expected in [1, 2] {
        let answer = door.swap(&old, expected, plain(in_state("a", pending()))).await;
        assert_eq!(answer, Err(LedgerError::Fenced));
    }
    assert_eq!(loaded(&*door, "a").await.record.state, in_doubt());
}

pub async fn a_megabyte_comes_back_whole(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let mut large = record("a");
    let text = "é\"\\\n\u{1}".repeat(1024 * 1024 / 6);
    large.metadata = large.metadata.with("text", Value::from(text));
    created(&*door, &fence, due_at(large.clone(), PAST)).await;
    assert_eq!(loaded(&*door, "a").await.record, shown(&large));
    let claimed = door.claim_due(&fence, 1, LONG).await.unwrap();
    assert_eq!(claimed.items[0].record, shown(&large));
}

pub async fn an_owner_is_alive_while_its_lease_lasts(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let writer = member(&*door).await;
    let intent = in_state("a", submitting(&fence.owner));
    created(&*door, &writer, due_at(intent.clone(), PAST)).await;
    assert!(loaded(&*door, "a").await.owner_alive);
    match door.create(&writer, plain(record("a"))).await.unwrap() {
        Created::Exists(there) => assert!(there.owner_alive),
        Created::New => panic!("it was there"),
    }
    door.leave(&fence).await.unwrap();
    assert!(!loaded(&*door, "a").await.owner_alive);
    match door.swap(&writer, 9, plain(record("a"))).await.unwrap() {
        Swapped::Stale(Some(there)) => assert!(!there.owner_alive),
        other => panic!("{other:?}"),
    }
    let brief = door.join(CREATED, SHORT).await.unwrap();
    let intent = in_state("a", submitting(&brief.owner));
    swapped(&*door, &writer, 1, due_at(intent, PAST)).await;
    until("the owner's lease to end", async || !loaded(&*door, "a").await.owner_alive).await;
    let claimed = door.claim_due(&writer, 1, LONG).await.unwrap();
    assert!(!claimed.items[0].owner_alive);
}

pub async fn only_a_submitting_owner_counts_as_alive(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let intent = in_state("a", submitting(&fence.owner));
    created(&*door, &fence, due_at(intent, PAST)).await;
    let claimed = door.claim_due(&fence, 1, LONG).await.unwrap();
    assert!(claimed.items[0].owner_alive);
    swapped(&*door, &fence, 1, due_at(in_state("a", pending()), PAST)).await;
    assert!(!loaded(&*door, "a").await.owner_alive);
    let claimed = door.claim_due(&fence, 1, LONG).await.unwrap();
    assert!(!claimed.items[0].owner_alive);
}

pub async fn ids_of_any_kind_are_kept_apart(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let odd = ["a", "a/b", "a b", "a#1", "{a}", "a}:job:{b", "a*", "é", "'; --", "%00"];
    for (tenant, id) in odd.iter().flat_map(|id| [("one", id), ("two", id)]) {
        let key = JobKey::new(Tenant::new(tenant).unwrap(), JobId::new(*id).unwrap());
        created(&*door, &fence, due_at(record_of(&key), PAST)).await;
        assert_eq!(door.load(&key).await.unwrap().unwrap().record.key, key);
    }
    let claimed = door.claim_due(&fence, 100, LONG).await.unwrap();
    assert_eq!(claimed.items.len(), odd.len() * 2);
}
