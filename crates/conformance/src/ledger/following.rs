use std::sync::Arc;

use job::Timestamp;

use super::fixture::*;
use ports::{Following, Ledger, LedgerError};

pub async fn one_owner_follows_and_the_next_goes_on_where_it_was(ledger: Arc<dyn Ledger>) {
    let (first, second) = (member(&*ledger).await, member(&*ledger).await);
    assert_eq!(ledger.follow(&first).await.unwrap(), Some(Following { next: None, lost: false }));
    assert_eq!(ledger.follow(&second).await.unwrap(), None);
    ledger.followed(&first, 7).await.unwrap();
    assert_eq!(
        ledger.follow(&first).await.unwrap(),
        Some(Following { next: Some(7), lost: false })
    );
    ledger.leave(&first).await.unwrap();
    assert_eq!(
        ledger.follow(&second).await.unwrap(),
        Some(Following { next: Some(7), lost: false })
    );
}

pub async fn a_loss_is_remembered_as_long_as_the_generation(ledger: Arc<dyn Ledger>) {
    let (first, second) = (member(&*ledger).await, member(&*ledger).await);
    ledger.follow(&first).await.unwrap();
    ledger.lost(&first).await.unwrap();
    ledger.followed(&first, 7).await.unwrap();
    ledger.leave(&first).await.unwrap();
    let found = Some(Following { next: Some(7), lost: true });
    assert_eq!(ledger.follow(&second).await.unwrap(), found, "found by another");
    ledger.distrust().await.unwrap();
    let after = member(&*ledger).await;
    assert!(!ledger.follow(&after).await.unwrap().unwrap().lost);
}

pub async fn a_follower_that_dies_is_replaced(ledger: Arc<dyn Ledger>) {
    let mortal = ledger.join(CREATED, SHORT).await.unwrap();
    let other = member(&*ledger).await;
    assert!(ledger.follow(&mortal).await.unwrap().is_some());
    until("the follower's lease to end", async || ledger.follow(&other).await.unwrap().is_some())
        .await;
}

pub async fn a_generation_is_closed_until_it_is_opened(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let other = member(&*ledger).await;
    assert_eq!(ledger.renew(&fence, LONG).await.unwrap().opens_at, None);
    assert_eq!(ledger.opens_at().await.unwrap(), None);
    ledger.open(&fence, FUTURE).await.unwrap();
    ledger.open(&other, PAST).await.unwrap();
    assert_eq!(ledger.renew(&other, LONG).await.unwrap().opens_at, Some(FUTURE), "said once");
    assert_eq!(ledger.opens_at().await.unwrap(), Some(FUTURE), "also to who is no member");
}

pub async fn a_generation_that_began_at_the_epoch_is_open(ledger: Arc<dyn Ledger>) {
    let fence = ledger.join(Timestamp::EPOCH, LONG).await.unwrap();
    let standing = ledger.renew(&fence, LONG).await.unwrap();
    assert!(standing.opens_at.is_some_and(|at| at <= standing.now), "{standing:?}");
}

pub async fn revisions_are_told_in_the_order_asked(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (id, revision) in [("a", 3), ("b", 0)] {
        let mut record = record(id);
        record.revision = revision;
        created(&*ledger, &fence, plain(record)).await;
    }
    let mut raised = record("b");
    raised.revision = 9;
    swapped(&*ledger, &fence, 1, plain(raised)).await;
    let keys = ["b", "none", "a"].map(key);
    assert_eq!(ledger.revisions(&keys).await.unwrap(), [Some(9), None, Some(3)]);
    assert_eq!(ledger.revisions(&[]).await.unwrap(), []);
}

pub async fn a_distrusted_ledger_keeps_its_records_and_begins_anew(ledger: Arc<dyn Ledger>) {
    let before = ledger.join(Timestamp::EPOCH, LONG).await.unwrap();
    created(&*ledger, &before, plain(record("a"))).await;
    ledger.follow(&before).await.unwrap();
    ledger.followed(&before, 7).await.unwrap();
    assert!(ledger.opens_at().await.unwrap().is_some());
    ledger.distrust().await.unwrap();
    assert_eq!(ledger.opens_at().await.unwrap(), None, "what it holds is not believed");
    assert_eq!(ledger.renew(&before, LONG).await.err(), Some(LedgerError::GenerationChanged));
    let after = member(&*ledger).await;
    assert_ne!(after.generation.id, before.generation.id);
    assert_eq!(ledger.renew(&after, LONG).await.unwrap().opens_at, None);
    assert_eq!(ledger.follow(&after).await.unwrap(), Some(Following { next: None, lost: false }));
    assert_eq!(loaded(&*ledger, "a").await.version, 1);
}
