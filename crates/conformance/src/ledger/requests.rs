//! A request is stored apart from its record.

use std::sync::Arc;

use job::{Kept, Record, Request};
use serde_json::Value;

use super::fixture::*;
use ports::{Created, Ledger, LedgerError, ListFilter, Swapped};

fn with(record: Record, request: Kept) -> Record {
    Record { request, ..record }
}

fn left_apart(id: &str) -> LedgerError {
    LedgerError::LeftApart { key: key(id).to_string() }
}

async fn request_of(ledger: &dyn Ledger, id: &str) -> Kept {
    ledger.load_whole(&key(id)).await.unwrap().unwrap().record.request
}

pub async fn whatever_shows_a_record_leaves_its_request_apart(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let whole = in_state("a", pending());
    created(&*ledger, &fence, due_at(whole.clone(), PAST)).await;
    let left = shown(&whole);
    assert!(left.request.is_apart());
    assert_eq!(loaded(&*ledger, "a").await.record, left);
    let claimed = ledger.claim_due(&fence, 1, LONG).await.unwrap();
    assert_eq!(claimed.items[0].record, left);
    let again = ledger.create(&fence, plain(record("a"))).await.unwrap();
    assert!(matches!(again, Created::Exists(there) if there.record == left));
    let stale = ledger.swap(&fence, 9, plain(record("a"))).await.unwrap();
    assert!(matches!(stale, Swapped::Stale(Some(there)) if there.record == left));
    let all = ListFilter { limit: 9, ..ListFilter::default() };
    assert_eq!(ledger.list(&all).await.unwrap(), std::slice::from_ref(&left));
    let mut met = Vec::new();
    ledger.visit(&all, &mut |record| met.push(record.clone())).await.unwrap();
    assert_eq!(met, [left]);
    let there = ledger.load_whole(&key("a")).await.unwrap().unwrap();
    assert_eq!((there.record, there.version), (whole, 1));
    assert_eq!(ledger.load_whole(&key("b")).await.unwrap(), None);
}

pub async fn a_look_keeps_the_request(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let whole = in_state("a", pending());
    created(&*ledger, &fence, due_at(whole.clone(), PAST)).await;
    for version in 1..4 {
        let seen = loaded(&*ledger, "a").await.record;
        swapped(&*ledger, &fence, version, due_at(seen, PAST)).await;
        assert_eq!(request_of(&*ledger, "a").await, whole.request);
    }
    // Written together with the record, and unchanged.
    swapped(&*ledger, &fence, 4, plain(whole.clone())).await;
    assert_eq!(request_of(&*ledger, "a").await, whole.request);
    assert!(loaded(&*ledger, "a").await.record.request.is_apart());
}

pub async fn a_record_without_a_request_has_none_from_then_on(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    swapped(&*ledger, &fence, 1, plain(with(record("a"), Kept::Nothing))).await;
    assert_eq!(request_of(&*ledger, "a").await, Kept::Nothing);
    assert_eq!(loaded(&*ledger, "a").await.record.request, Kept::Nothing);
    let mut other = with(record("a"), Kept::Apart);
    other.attempt = 7;
    let refused = ledger.swap(&fence, 2, due_at(other, PAST)).await;
    assert_eq!(refused, Err(left_apart("a")), "it would be lost");
    let there = loaded(&*ledger, "a").await;
    assert_eq!((there.version, there.record.attempt), (2, 0), "nothing was written");
    assert!(ledger.claim_due(&fence, 1, LONG).await.unwrap().items.is_empty());
    // A new round by an operator writes it again.
    swapped(&*ledger, &fence, 2, plain(record("a"))).await;
    assert_eq!(request_of(&*ledger, "a").await, record("a").request);
}

pub async fn another_request_takes_its_place(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    let Kept::Here(first) = record("a").request else { panic!("it is in hand") };
    let other = Kept::Here(first.with("prompt", Value::from("a dog")));
    swapped(&*ledger, &fence, 1, plain(with(record("a"), other.clone()))).await;
    assert_eq!(request_of(&*ledger, "a").await, other);
    let large = Kept::Here(Request::default().with("image", Value::from("é\"\n".repeat(300_000))));
    swapped(&*ledger, &fence, 2, plain(with(record("a"), large.clone()))).await;
    assert_eq!(request_of(&*ledger, "a").await, large);
}

pub async fn no_record_is_created_without_what_it_left_apart(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let refused = ledger.create(&fence, due_at(with(record("a"), Kept::Apart), PAST)).await;
    assert_eq!(refused, Err(left_apart("a")));
    assert_eq!(ledger.load(&key("a")).await.unwrap(), None);
    assert_eq!(ledger.claim_due(&fence, 1, LONG).await.unwrap().next, None);
    created(&*ledger, &fence, plain(record("a"))).await;
    let there = ledger.create(&fence, plain(with(record("a"), Kept::Apart))).await.unwrap();
    assert!(matches!(there, Created::Exists(_)), "{there:?}");
    let stale = ledger.swap(&fence, 9, plain(with(record("b"), Kept::Apart))).await.unwrap();
    assert_eq!(stale, Swapped::Stale(None));
}

pub async fn a_request_goes_with_its_record(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let ended = in_state("a", settled());
    let end = entry(&ended, "end", true);
    created(&*ledger, &fence, saying(ended.clone(), end.clone())).await;
    assert_eq!(request_of(&*ledger, "a").await, ended.request);
    ledger.announced(&fence, &[end.outbox_id()]).await.unwrap();
    until("the record to expire", async || ledger.load_whole(&key("a")).await.unwrap().is_none())
        .await;
    // Another job with the same id does not get it.
    created(&*ledger, &fence, plain(with(record("a"), Kept::Nothing))).await;
    let refused = ledger.swap(&fence, 1, plain(with(record("a"), Kept::Apart))).await;
    assert_eq!(refused, Err(left_apart("a")));
}
