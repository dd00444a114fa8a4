//! Rounds that have ended are counted.

use std::sync::Arc;
use std::time::Duration;

use job::{Operation, Outcome, Problem, Record, State, StateKind, Timestamp};
use ports::{Clock, ENDED_SLOT, Ended, Ledger, SystemClock, Write};

use super::fixture::*;

fn now() -> Timestamp {
    Ended::slot_of(SystemClock.now())
}

fn settled(id: &str, outcome: Outcome, at: Timestamp) -> Record {
    in_state(id, State::Settled { outcome, at })
}

fn failed() -> Outcome {
    Outcome::Failed { error: Problem::new("moderation", "no") }
}

fn succeeded() -> Outcome {
    Outcome::succeeded(Vec::new())
}

fn write(record: Record) -> Write {
    Write { record, due: None, outbox: Vec::new(), outbox_lease: Duration::ZERO }
}

async fn ended(ledger: &dyn Ledger, since: Timestamp) -> Vec<(Timestamp, String, StateKind, u64)> {
    let mut all = ledger.ended(since).await.unwrap();
    all.sort();
    let row = |ended: Ended| (ended.slot, ended.pool, ended.state, ended.count);
    all.into_iter().map(row).collect()
}

pub async fn a_round_counts_once_when_it_ends(ledger: Arc<dyn Ledger>) {
    let fence = member(ledger.as_ref()).await;
    let (slot, videos) = (now(), "default:videos".to_owned());
    ledger.create(&fence, write(record("a"))).await.unwrap();
    assert_eq!(ended(ledger.as_ref(), slot).await, []);
    ledger.swap(&fence, 1, write(settled("a", failed(), slot))).await.unwrap();
    let once = [(slot, videos.clone(), StateKind::Failed, 1)];
    assert_eq!(ended(ledger.as_ref(), slot).await, once);
    // Announced, and with another note: it is the same round.
    ledger.swap(&fence, 2, write(settled("a", failed(), slot))).await.unwrap();
    assert_eq!(ended(ledger.as_ref(), slot).await, once);
    // What lost a race is not written.
    ledger.swap(&fence, 2, write(settled("a", succeeded(), slot))).await.unwrap();
    ledger.create(&fence, write(settled("a", succeeded(), slot))).await.unwrap();
    assert_eq!(ended(ledger.as_ref(), slot).await, once);
    // Another round.
    ledger.swap(&fence, 3, write(record("a"))).await.unwrap();
    ledger.swap(&fence, 4, write(settled("a", succeeded(), slot))).await.unwrap();
    let both =
        [(slot, videos.clone(), StateKind::Succeeded, 1), (slot, videos, StateKind::Failed, 1)];
    let mut found = ended(ledger.as_ref(), slot).await;
    found.sort_by_key(|row| row.2 == StateKind::Failed);
    assert_eq!(found, both);
}

pub async fn rounds_are_counted_by_slot_pool_and_state(ledger: Arc<dyn Ledger>) {
    let fence = member(ledger.as_ref()).await;
    let slot = now();
    let before = slot - ENDED_SLOT;
    for n in 0..20 {
        let at = if n < 12 { slot } else { before };
        ledger.create(&fence, write(settled(&format!("v{n}"), succeeded(), at))).await.unwrap();
    }
    let mut unknown = settled("u", failed(), slot);
    unknown.operation = Operation::new("x/y");
    unknown.account = "second".to_owned();
    ledger.create(&fence, write(unknown)).await.unwrap();
    let videos = "default:videos".to_owned();
    let later = [
        (slot, videos.clone(), StateKind::Succeeded, 12),
        (slot, "second".to_owned(), StateKind::Failed, 1),
    ];
    let within = slot + Duration::from_secs(1);
    assert_eq!(ended(ledger.as_ref(), within).await, later, "of the slot of this moment");
    let first = (before, videos, StateKind::Succeeded, 8);
    let all: Vec<_> = std::iter::once(first).chain(later).collect();
    assert_eq!(ended(ledger.as_ref(), before).await, all);
}
