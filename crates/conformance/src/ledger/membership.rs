use std::collections::HashSet;
use std::sync::Arc;

use job::Timestamp;

use super::fixture::*;
use ports::{Fence, GrantTerms, Ledger, LedgerError, OutboxId, Permit, PermitReturn};

pub async fn an_empty_ledger_has_no_generation(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.generation().await.unwrap(), None);
    assert_eq!(ledger.opens_at().await.unwrap(), None);
    assert!(ledger.load(&key("a")).await.unwrap().is_none());
}

pub async fn joins_agree_on_one_generation(ledger: Arc<dyn Ledger>) {
    let joins = (0..16).map(|n| {
        let ledger = ledger.clone();
        let began_at = Timestamp::from_millis(1_000_000 + n);
        tokio::spawn(async move { ledger.join(began_at, LONG).await.unwrap() })
    });
    let mut fences = Vec::new();
    for join in joins.collect::<Vec<_>>() {
        fences.push(join.await.unwrap());
    }
    let present = ledger.generation().await.unwrap().unwrap();
    assert!((1_000_000..1_000_016).contains(&present.began_at.as_millis()));
    assert!(fences.iter().all(|fence| fence.generation == present));
    let owners: HashSet<_> = fences.iter().map(|fence| &fence.owner).collect();
    assert_eq!(owners.len(), 16, "every joining is an owner of its own");
    for (n, fence) in fences.iter().enumerate() {
        created(&*ledger, fence, plain(record(&format!("job-{n}")))).await;
    }
}

pub async fn a_later_join_keeps_the_generation(ledger: Arc<dyn Ledger>) {
    let first = ledger.join(Timestamp::from_millis(7), LONG).await.unwrap();
    let second = ledger.join(Timestamp::from_millis(9), LONG).await.unwrap();
    assert_eq!(first.generation.began_at, Timestamp::from_millis(7));
    assert_eq!(second.generation, first.generation);
    assert_eq!(ledger.generation().await.unwrap(), Some(first.generation));
}

pub async fn an_ended_lease_fences_every_write(ledger: Arc<dyn Ledger>) {
    let late = ledger.join(CREATED, SHORT).await.unwrap();
    let alive = member(&*ledger).await;
    created(&*ledger, &alive, due_at(record("there"), PAST)).await;
    until("the lease to end", async || has_ended(&*ledger, &late).await).await;
    for (what, refusal) in every_write(&*ledger, &late).await {
        assert_eq!(refusal, Some(LedgerError::Fenced), "{what}");
    }
    assert_eq!(loaded(&*ledger, "there").await.version, 1);
    assert!(ledger.load(&key("new")).await.unwrap().is_none());
    assert_eq!(ledger.usage("pool").await.unwrap().used, 0);
    fence_of(&*ledger, &alive).await.unwrap();
}

pub async fn it_is_known_whether_any_owner_is_alive(ledger: Arc<dyn Ledger>) {
    assert!(!ledger.any_alive().await.unwrap(), "nobody has joined");
    ledger.join(CREATED, SHORT).await.unwrap();
    let staying = ledger.join(CREATED, LONG).await.unwrap();
    assert!(ledger.any_alive().await.unwrap());
    ledger.leave(&staying).await.unwrap();
    until("the other lease ends too", async || !ledger.any_alive().await.unwrap()).await;
    let back = ledger.join(CREATED, LONG).await.unwrap();
    assert!(ledger.any_alive().await.unwrap());
    ledger.leave(&back).await.unwrap();
    assert!(!ledger.any_alive().await.unwrap(), "at once");
}

pub async fn leaving_ends_the_lease_at_once(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let other = member(&*ledger).await;
    fence_of(&*ledger, &fence).await.unwrap();
    ledger.leave(&fence).await.unwrap();
    for (what, refusal) in every_write(&*ledger, &fence).await {
        assert_eq!(refusal, Some(LedgerError::Fenced), "{what}");
    }
    fence_of(&*ledger, &other).await.unwrap();
    ledger.leave(&fence).await.unwrap();
}

pub async fn renewing_keeps_the_lease(ledger: Arc<dyn Ledger>) {
    let lease = SHORT * 10;
    let kept = ledger.join(CREATED, lease).await.unwrap();
    let dropped = ledger.join(CREATED, lease).await.unwrap();
    until("the lease that nobody renews to end", async || {
        ledger.renew(&kept, lease).await.unwrap();
        fence_of(&*ledger, &dropped).await == Err(LedgerError::Fenced)
    })
    .await;
    created(&*ledger, &kept, plain(record("a"))).await;
}

pub async fn every_write_of_another_generation_is_refused(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, due_at(record("there"), PAST)).await;
    let mut other = fence.clone();
    other.generation.id = "another".to_owned();
    for (what, refusal) in every_write(&*ledger, &other).await {
        assert_eq!(refusal, Some(LedgerError::GenerationChanged), "{what}");
    }
    assert_eq!(loaded(&*ledger, "there").await.version, 1);
}

/// The result of each fenced call under this fence.
async fn every_write(
    ledger: &dyn Ledger,
    fence: &Fence,
) -> Vec<(&'static str, Option<LedgerError>)> {
    let permit =
        Permit { pool: "pool".to_owned(), key: key("there"), round: 1, weight: 1, revision: 0 };
    let back = PermitReturn {
        pool: "pool".to_owned(),
        key: key("there"),
        round: 1,
        revision: 1,
        since: None,
        unspent: true,
    };
    let id = OutboxId { key: key("there"), id: "e".to_owned() };
    let terms = GrantTerms::default();
    vec![
        ("create", ledger.create(fence, plain(record("new"))).await.err()),
        ("swap", ledger.swap(fence, 1, plain(record("there"))).await.err()),
        ("claim_due", ledger.claim_due(fence, 9, SHORT).await.err()),
        ("claim_outbox", ledger.claim_outbox(fence, 9, SHORT).await.err()),
        ("announced", ledger.announced(fence, std::slice::from_ref(&id)).await.err()),
        ("postpone", ledger.postpone(fence, &id, SHORT).await.err()),
        ("take_permit", ledger.take_permit(fence, &permit, &terms).await.err()),
        ("give_permits", ledger.give_permits(fence, &[back]).await.err()),
        ("renew", ledger.renew(fence, LONG).await.err()),
        ("follow", ledger.follow(fence).await.err()),
        ("followed", ledger.followed(fence, 1).await.err()),
        ("lost", ledger.lost(fence).await.err()),
        ("open", ledger.open(fence, CREATED).await.err()),
    ]
}
