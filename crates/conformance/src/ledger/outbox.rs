use std::sync::Arc;
use std::time::Duration;

use job::Record;

use super::fixture::*;
use ports::{Claimed, Fence, Ledger, OutboxEntry, OutboxId, Write};

fn ids(claimed: &Claimed<OutboxEntry>) -> Vec<&str> {
    claimed.items.iter().map(|entry| entry.id.as_str()).collect()
}

fn outbox_id(record: &Record, id: &str) -> OutboxId {
    entry(record, id, false).outbox_id()
}

async fn claim(ledger: &dyn Ledger, fence: &Fence) -> Claimed<OutboxEntry> {
    ledger.claim_outbox(fence, 100, LONG).await.unwrap()
}

async fn gone(ledger: &dyn Ledger, id: &str) -> bool {
    ledger.load(&key(id)).await.unwrap().is_none()
}

/// A settled record whose closing entry is announced, so that its retention runs.
async fn closing(ledger: &dyn Ledger, fence: &Fence, id: &str) {
    let record = in_state(id, settled());
    let write = saying(record.clone(), entry(&record, "end", true));
    created(ledger, fence, write).await;
    ledger.announced(fence, &[outbox_id(&record, "end")]).await.unwrap();
}

/// Waits until a record has expired whose retention began after everything before.
async fn a_retention_later(ledger: &dyn Ledger, fence: &Fence) {
    closing(ledger, fence, "witness").await;
    until("the witness to expire", async || gone(ledger, "witness").await).await;
}

pub async fn an_entry_is_claimed_until_announced(ledger: Arc<dyn Ledger>) {
    let (one, two) = (member(&*ledger).await, member(&*ledger).await);
    let record = record("a");
    let write = saying(record.clone(), entry(&record, "e", false));
    created(&*ledger, &one, write).await;
    let claimed = ledger.claim_outbox(&one, 10, SHORT).await.unwrap();
    assert_eq!(ids(&claimed), ["e"]);
    let mut again = claimed.clone();
    until("the claim to end", async || {
        again = claim(&*ledger, &two).await;
        !again.items.is_empty()
    })
    .await;
    assert_eq!(ids(&again), ["e"]);
    assert!(again.now + TICK >= claimed.now + SHORT, "not before its lease has ended");

    let other = claim(&*ledger, &one).await;
    assert!(other.items.is_empty(), "it is kept from others");
    let back = other.next.expect("it comes again");
    assert!(back + TICK >= again.now + LONG && back <= other.now + LONG + TICK);
    ledger.announced(&one, &[outbox_id(&record, "e")]).await.unwrap();
    let after = claim(&*ledger, &two).await;
    assert_eq!((after.items.len(), after.next), (0, None));
}

pub async fn an_entry_comes_back_as_it_was_written(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = record("a");
    let mut written = entry(&record, "e", true);
    written.message.kind = Some("kind".to_owned());
    written.message.timestamp = Some(CREATED);
    written.message.body = (0..=255).collect::<Vec<u8>>().repeat(4096).into();
    written.tries = 2;
    created(&*ledger, &fence, saying(record, written.clone())).await;
    assert_eq!(claim(&*ledger, &fence).await.items, [written]);
}

pub async fn the_writer_keeps_its_entries_for_a_while(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = record("a");
    let keeping = |id: &str, outbox_lease| Write {
        outbox_lease,
        ..saying(record.clone(), entry(&record, id, false))
    };
    let before = claim(&*ledger, &fence).await.now;
    created(&*ledger, &fence, keeping("long", LONG)).await;
    let hidden = claim(&*ledger, &fence).await;
    assert!(hidden.items.is_empty(), "the writer publishes it itself");
    let back = hidden.next.expect("it comes if the writer dies");
    assert!(back + TICK >= before + LONG && back <= hidden.now + LONG + TICK);

    let before = hidden.now;
    swapped(&*ledger, &fence, 1, keeping("short", SHORT)).await;
    let mut after = hidden;
    until("the writer's lease to end", async || {
        after = claim(&*ledger, &fence).await;
        !after.items.is_empty()
    })
    .await;
    assert_eq!(ids(&after), ["short"]);
    assert!(after.now + TICK >= before + SHORT);
}

pub async fn the_same_entry_twice_leaves_one(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = record("a");
    let write = saying(record.clone(), entry(&record, "e", false));
    created(&*ledger, &fence, write.clone()).await;
    swapped(&*ledger, &fence, 1, write).await;
    assert_eq!(ids(&claim(&*ledger, &fence).await), ["e"]);
    // The same id under another key is another entry.
    let other = super::fixture::record("b");
    let write = saying(other.clone(), entry(&other, "e", false));
    created(&*ledger, &fence, write).await;
    ledger.announced(&fence, &[outbox_id(&record, "e")]).await.unwrap();
    let claimed = claim(&*ledger, &fence).await;
    assert_eq!(claimed.items, [entry(&other, "e", false)]);
}

pub async fn a_postponed_entry_comes_back_with_its_tries(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = record("a");
    let write = saying(record.clone(), entry(&record, "e", false));
    created(&*ledger, &fence, write).await;
    let id = outbox_id(&record, "e");
    let before = claim(&*ledger, &fence).await.now;
    ledger.postpone(&fence, &id, LONG * 2).await.unwrap();
    let hidden = claim(&*ledger, &fence).await;
    assert!(hidden.items.is_empty());
    assert!(hidden.next.unwrap() + TICK >= before + LONG * 2);

    ledger.postpone(&fence, &id, SHORT).await.unwrap();
    let mut back = hidden.clone();
    until("the entry to come back", async || {
        back = claim(&*ledger, &fence).await;
        !back.items.is_empty()
    })
    .await;
    assert!(back.now + TICK >= hidden.now + SHORT);
    assert_eq!((back.items.len(), back.items[0].tries), (1, 2));
    ledger.announced(&fence, std::slice::from_ref(&id)).await.unwrap();
    ledger.postpone(&fence, &id, Duration::ZERO).await.unwrap();
    let after = claim(&*ledger, &fence).await;
    assert_eq!((after.items.len(), after.next), (0, None));
}

pub async fn a_stale_swap_adds_no_entry(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = record("a");
    let write = saying(record.clone(), entry(&record, "e", false));
    created(&*ledger, &fence, plain(record)).await;
    ledger.swap(&fence, 7, write.clone()).await.unwrap();
    ledger.create(&fence, write).await.unwrap();
    let claimed = claim(&*ledger, &fence).await;
    assert_eq!((claimed.items.len(), claimed.next), (0, None));
}

pub async fn announcing_again_or_the_unknown_is_harmless(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = record("a");
    let write = Write {
        outbox: vec![entry(&record, "one", false), entry(&record, "two", false)],
        ..plain(record.clone())
    };
    created(&*ledger, &fence, write).await;
    let ids_of = ["one", "unknown", "one"].map(|id| outbox_id(&record, id));
    ledger.announced(&fence, &ids_of).await.unwrap();
    ledger.announced(&fence, &ids_of).await.unwrap();
    ledger.announced(&fence, &[]).await.unwrap();
    assert_eq!(ids(&claim(&*ledger, &fence).await), ["two"]);
}

pub async fn a_claim_of_entries_keeps_to_its_limit(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut all = Vec::new();
    for n in 0..17 {
        let record = record(&format!("job-{n}"));
        all.push(outbox_id(&record, "e"));
        let write = saying(record.clone(), entry(&record, "e", false));
        created(&*ledger, &fence, write).await;
    }
    let mut sizes = Vec::new();
    for _ in 0..5 {
        let claimed = ledger.claim_outbox(&fence, 5, LONG).await.unwrap();
        sizes.push(claimed.items.len());
    }
    assert_eq!(sizes, [5, 5, 5, 2, 0]);
    ledger.announced(&fence, &all).await.unwrap();
    assert_eq!(claim(&*ledger, &fence).await.next, None, "all are gone");
}

pub async fn a_closed_record_expires(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    closing(&*ledger, &fence, "a").await;
    until("the record to expire", async || gone(&*ledger, "a").await).await;
    // Its id is free again.
    created(&*ledger, &fence, plain(record("a"))).await;
}

pub async fn only_a_closing_entry_begins_the_retention(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = in_state("a", settled());
    let write = Write {
        outbox: vec![entry(&record, "note", false), entry(&record, "end", true)],
        ..plain(record.clone())
    };
    created(&*ledger, &fence, write).await;
    ledger.announced(&fence, &[outbox_id(&record, "note")]).await.unwrap();
    a_retention_later(&*ledger, &fence).await;
    assert!(!gone(&*ledger, "a").await, "its end is not announced yet");
    ledger.announced(&fence, &[outbox_id(&record, "end")]).await.unwrap();
    until("the record to expire", async || gone(&*ledger, "a").await).await;
}

pub async fn the_last_of_its_closing_entries_begins_the_retention(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = in_state("a", settled());
    let write = Write {
        outbox: vec![entry(&record, "one", true), entry(&record, "two", true)],
        ..plain(record.clone())
    };
    created(&*ledger, &fence, write.clone()).await;
    // The same write again leaves one entry of each.
    swapped(&*ledger, &fence, 1, write).await;
    for _ in 0..2 {
        ledger.announced(&fence, &[outbox_id(&record, "one")]).await.unwrap();
    }
    a_retention_later(&*ledger, &fence).await;
    assert!(!gone(&*ledger, "a").await, "one is still to be announced");
    ledger.announced(&fence, &[outbox_id(&record, "two")]).await.unwrap();
    until("the record to expire", async || gone(&*ledger, "a").await).await;
}

pub async fn a_parked_record_never_expires(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = in_state("a", parked());
    let write = saying(record.clone(), entry(&record, "end", true));
    created(&*ledger, &fence, write).await;
    ledger.announced(&fence, &[outbox_id(&record, "end")]).await.unwrap();
    a_retention_later(&*ledger, &fence).await;
    assert_eq!(loaded(&*ledger, "a").await.record, shown(&record));
}

pub async fn a_tombstone_expires_by_itself(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for id in ["gone", "met"] {
        created(&*ledger, &fence, plain(Record::tombstone(key(id), CREATED))).await;
    }
    swapped(&*ledger, &fence, 1, plain(in_state("met", pending()))).await;
    until("the tombstone to expire", async || gone(&*ledger, "gone").await).await;
    a_retention_later(&*ledger, &fence).await;
    assert_eq!(loaded(&*ledger, "met").await.record.state, pending());
}

pub async fn a_record_that_moved_on_stays(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let record = in_state("a", settled());
    let write = saying(record.clone(), entry(&record, "end", true));
    created(&*ledger, &fence, write).await;
    swapped(&*ledger, &fence, 1, plain(in_state("a", pending()))).await;
    ledger.announced(&fence, &[outbox_id(&record, "end")]).await.unwrap();
    a_retention_later(&*ledger, &fence).await;
    assert_eq!(loaded(&*ledger, "a").await.record.state, pending());
}

pub async fn a_record_that_moves_on_during_its_retention_stays(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    closing(&*ledger, &fence, "a").await;
    swapped(&*ledger, &fence, 1, plain(in_state("a", pending()))).await;
    a_retention_later(&*ledger, &fence).await;
    assert_eq!(loaded(&*ledger, "a").await.version, 2);
}
