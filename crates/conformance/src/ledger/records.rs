use std::sync::Arc;

use job::{JobId, JobKey, JsonObject, Kept, Request, Tenant};
use serde_json::Value;

use super::fixture::*;
use ports::{Created, Ledger, LedgerError, Stored, Swapped};

pub async fn a_record_is_created_once_and_then_shown(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let first = record("a");
    created(&*ledger, &fence, plain(first.clone())).await;
    let there = Stored { record: shown(&first), version: 1, owner_alive: false };
    assert_eq!(loaded(&*ledger, "a").await, there);
    let second = in_state("a", pending());
    let again = ledger.create(&fence, due_at(second, PAST)).await.unwrap();
    assert_eq!(again, Created::Exists(Box::new(there.clone())));
    assert_eq!(loaded(&*ledger, "a").await, there);
    let claimed = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    assert!(claimed.items.is_empty(), "the second had no effect");
}

pub async fn nothing_is_loaded_where_nothing_is(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    assert_eq!(ledger.load(&key("b")).await.unwrap(), None);
}

pub async fn a_swap_raises_the_version(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    let next = in_state("a", pending());
    assert_eq!(swapped(&*ledger, &fence, 1, plain(next.clone())).await, 2);
    assert_eq!(swapped(&*ledger, &fence, 2, plain(next.clone())).await, 3);
    let there = loaded(&*ledger, "a").await;
    assert_eq!((there.version, there.record), (3, shown(&next)));
}

pub async fn a_swap_from_an_old_version_changes_nothing(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    swapped(&*ledger, &fence, 1, plain(in_state("a", pending()))).await;
    let there = loaded(&*ledger, "a").await;
    for wrong in [0, 1, 3] {
        let write = due_at(in_state("a", settled()), PAST);
        let answer = ledger.swap(&fence, wrong, write).await.unwrap();
        assert_eq!(answer, Swapped::Stale(Some(Box::new(there.clone()))));
    }
    assert_eq!(loaded(&*ledger, "a").await, there);
    let claimed = ledger.claim_due(&fence, 9, LONG).await.unwrap();
    assert!(claimed.items.is_empty());
}

pub async fn a_swap_of_nothing_is_stale(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for expected in [0, 1] {
        let answer = ledger.swap(&fence, expected, plain(record("a"))).await;
        assert_eq!(answer.unwrap(), Swapped::Stale(None));
    }
    assert_eq!(ledger.load(&key("a")).await.unwrap(), None);
}

pub async fn numbers_keep_their_digits(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut exact = record("a");
    let numbers = r#"{"a":12345678901234567890123,"b":[1.10,-1e400]}"#;
    exact.metadata = JsonObject::read(numbers).unwrap();
    exact.request = Kept::Here(Request::new(exact.metadata.clone()));
    created(&*ledger, &fence, due_at(exact.clone(), PAST)).await;
    let claimed = ledger.claim_due(&fence, 1, LONG).await.unwrap();
    for record in [loaded(&*ledger, "a").await.record, claimed.items[0].record.clone()] {
        assert_eq!(record, shown(&exact));
        assert_eq!(serde_json::to_string(&record.metadata).unwrap(), numbers);
    }
    let whole = ledger.load_whole(&key("a")).await.unwrap().unwrap();
    assert_eq!(serde_json::to_string(&whole.record.request).unwrap(), numbers);
}

pub async fn a_late_voice_cannot_swap(ledger: Arc<dyn Ledger>) {
    let old = member(&*ledger).await;
    created(&*ledger, &old, plain(in_state("a", submitting(&old.owner)))).await;
    ledger.leave(&old).await.unwrap();
    let new = member(&*ledger).await;
    swapped(&*ledger, &new, 1, plain(in_state("a", in_doubt()))).await;
    // Even with the version that is there now.
    for expected in [1, 2] {
        let answer = ledger.swap(&old, expected, plain(in_state("a", pending()))).await;
        assert_eq!(answer, Err(LedgerError::Fenced));
    }
    assert_eq!(loaded(&*ledger, "a").await.record.state, in_doubt());
}

pub async fn a_megabyte_comes_back_whole(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut large = record("a");
    let text = "é\"\\\n\u{1}".repeat(1024 * 1024 / 6);
    large.metadata = large.metadata.with("text", Value::from(text));
    created(&*ledger, &fence, due_at(large.clone(), PAST)).await;
    assert_eq!(loaded(&*ledger, "a").await.record, shown(&large));
    let claimed = ledger.claim_due(&fence, 1, LONG).await.unwrap();
    assert_eq!(claimed.items[0].record, shown(&large));
}

pub async fn an_owner_is_alive_while_its_lease_lasts(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let writer = member(&*ledger).await;
    let intent = in_state("a", submitting(&fence.owner));
    created(&*ledger, &writer, due_at(intent.clone(), PAST)).await;
    assert!(loaded(&*ledger, "a").await.owner_alive);
    match ledger.create(&writer, plain(record("a"))).await.unwrap() {
        Created::Exists(there) => assert!(there.owner_alive),
        Created::New => panic!("it was there"),
    }
    ledger.leave(&fence).await.unwrap();
    assert!(!loaded(&*ledger, "a").await.owner_alive);
    match ledger.swap(&writer, 9, plain(record("a"))).await.unwrap() {
        Swapped::Stale(Some(there)) => assert!(!there.owner_alive),
        other => panic!("{other:?}"),
    }
    let brief = ledger.join(CREATED, SHORT).await.unwrap();
    let intent = in_state("a", submitting(&brief.owner));
    swapped(&*ledger, &writer, 1, due_at(intent, PAST)).await;
    until("the owner's lease to end", async || !loaded(&*ledger, "a").await.owner_alive).await;
    let claimed = ledger.claim_due(&writer, 1, LONG).await.unwrap();
    assert!(!claimed.items[0].owner_alive);
}

pub async fn only_a_submitting_owner_counts_as_alive(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let intent = in_state("a", submitting(&fence.owner));
    created(&*ledger, &fence, due_at(intent, PAST)).await;
    let claimed = ledger.claim_due(&fence, 1, LONG).await.unwrap();
    assert!(claimed.items[0].owner_alive);
    swapped(&*ledger, &fence, 1, due_at(in_state("a", pending()), PAST)).await;
    assert!(!loaded(&*ledger, "a").await.owner_alive);
    let claimed = ledger.claim_due(&fence, 1, LONG).await.unwrap();
    assert!(!claimed.items[0].owner_alive);
}

pub async fn ids_of_any_kind_are_kept_apart(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let odd = ["a", "a/b", "a b", "a#1", "{a}", "a}:job:{b", "a*", "é", "'; --", "%00"];
    for (tenant, id) in odd.iter().flat_map(|id| [("one", id), ("two", id)]) {
        let key = JobKey::new(Tenant::new(tenant).unwrap(), JobId::new(*id).unwrap());
        created(&*ledger, &fence, due_at(record_of(&key), PAST)).await;
        assert_eq!(ledger.load(&key).await.unwrap().unwrap().record.key, key);
    }
    let claimed = ledger.claim_due(&fence, 100, LONG).await.unwrap();
    assert_eq!(claimed.items.len(), odd.len() * 2);
}
