use std::sync::Arc;

use job::Timestamp;

use super::fixture::*;
use ports::{Following, Ledger, LedgerError};

pub async fn one_owner_follows_and_the_next_goes_on_where_it_was(door: Arc<dyn Ledger>) {
    let (first, second) = (member(&*door).await, member(&*door).await);
    assert_eq!(door.follow(&first).await.unwrap(), Some(Following { next: None, lost: false }));
    assert_eq!(door.follow(&second).await.unwrap(), None);
    door.followed(&first, 7).await.unwrap();
    assert_eq!(door.follow(&first).await.unwrap(), Some(Following { next: Some(7), lost: false }));
    door.leave(&first).await.unwrap();
    assert_eq!(door.follow(&second).await.unwrap(), Some(Following { next: Some(7), lost: false }));
}

pub async fn a_loss_is_remembered_as_long_as_the_generation(door: Arc<dyn Ledger>) {
    let (first, second) = (member(&*door).await, member(&*door).await);
    door.follow(&first).await.unwrap();
    door.lost(&first).await.unwrap();
    door.followed(&first, 7).await.unwrap();
    door.leave(&first).await.unwrap();
    let found = Some(Following { next: Some(7), lost: true });
    assert_eq!(door.follow(&second).await.unwrap(), found, "found by another");
    door.distrust().await.unwrap();
    let after = member(&*door).await;
    assert!(!door.follow(&after).await.unwrap().unwrap().lost);
}

pub async fn a_follower_that_dies_is_replaced(door: Arc<dyn Ledger>) {
    let mortal = door.join(CREATED, SHORT).await.unwrap();
    let other = member(&*door).await;
    assert!(door.follow(&mortal).await.unwrap().is_some());
    until("the follower's lease to end", async || door.follow(&other).await.unwrap().is_some())
        .await;
}

pub async fn a_generation_is_closed_until_it_is_opened(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    let other = member(&*door).await;
    assert_eq!(door.renew(&fence, LONG).await.unwrap().opens_at, None);
    assert_eq!(door.opens_at().await.unwrap(), None);
    door.open(&fence, FUTURE).await.unwrap();
    door.open(&other, PAST).await.unwrap();
    assert_eq!(door.renew(&other, LONG).await.unwrap().opens_at, Some(FUTURE), "said once");
    assert_eq!(door.opens_at().await.unwrap(), Some(FUTURE), "also to who is no member");
}

pub async fn a_generation_that_began_at_the_epoch_is_open(door: Arc<dyn Ledger>) {
    let fence = door.join(Timestamp::EPOCH, LONG).await.unwrap();
    let standing = door.renew(&fence, LONG).await.unwrap();
    assert!(standing.opens_at.is_some_and(|at| at <= standing.now), "{standing:?}");
}

pub async fn revisions_are_told_in_the_order_asked(door: Arc<dyn Ledger>) {
    let fence = member(&*door).await;
    for (id, revision) in [("a", 3), ("b", 0)] {
        let mut record = record(id);
        record.revision = revision;
        created(&*door, &fence, plain(record)).await;
    }
    let mut raised = record("b");
    raised.revision = 9;
    swapped(&*door, &fence, 1, plain(raised)).await;
    let keys = ["b", "none", "a"].map(key);
    assert_eq!(door.revisions(&keys).await.unwrap(), [Some(9), None, Some(3)]);
    assert_eq!(door.revisions(&[]).await.unwrap(), []);
}

pub async fn a_distrusted_ledger_keeps_its_records_and_begins_anew(door: Arc<dyn Ledger>) {
    let before = door.join(Timestamp::EPOCH, LONG).await.unwrap();
    created(&*door, &before, plain(record("a"))).await;
    door.follow(&before).await.unwrap();
    door.followed(&before, 7).await.unwrap();
    assert!(door.opens_at().await.unwrap().is_some());
    door.distrust().await.unwrap();
    assert_eq!(door.opens_at().await.unwrap(), None, "what it holds is not believed");
    assert_eq!(door.renew(&before, LONG).await.err(), Some(LedgerError::GenerationChanged));
    let after = member(&*door).await;
    assert_ne!(after.generation.id, before.generation.id);
    assert_eq!(door.renew(&after, LONG).await.unwrap().opens_at, None);
    assert_eq!(door.follow(&after).await.unwrap(), Some(Following { next: None, lost: false }));
    assert_eq!(loaded(&*door, "a").await.version, 1);
}
