use std::sync::Arc;

use super::fixture::*;
use ports::{Created, Fence, Ledger, LedgerError, Swapped};

pub async fn one_of_many_creators_wins(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let creations = (0..32).map(|n| {
        let (ledger, fence) = (ledger.clone(), fence.clone());
        let mut mine = record("a");
        mine.attempt = n;
        tokio::spawn(async move { ledger.create(&fence, plain(mine)).await.unwrap() })
    });
    let mut new = 0;
    let mut seen = Vec::new();
    for creation in creations.collect::<Vec<_>>() {
        match creation.await.unwrap() {
            Created::New => new += 1,
            Created::Exists(there) => seen.push(*there),
        }
    }
    assert_eq!(new, 1);
    let there = loaded(&*ledger, "a").await;
    assert!(seen.iter().all(|stored| *stored == there));
}

pub async fn one_of_two_swaps_wins(ledger: Arc<dyn Ledger>) {
    let (one, two) = (member(&*ledger).await, member(&*ledger).await);
    for n in 0..20 {
        let id = format!("job-{n}");
        created(&*ledger, &one, plain(record(&id))).await;
        let swap = |fence: &Fence| {
            let (ledger, fence) = (ledger.clone(), fence.clone());
            let mut mine = record(&id);
            mine.account = fence.owner.clone();
            tokio::spawn(async move { ledger.swap(&fence, 1, plain(mine)).await.unwrap() })
        };
        let (first, second) = (swap(&one), swap(&two));
        let (winner, lost) = match (first.await.unwrap(), second.await.unwrap()) {
            (Swapped::Done(2), Swapped::Stale(Some(there))) => (&one, there),
            (Swapped::Stale(Some(there)), Swapped::Done(2)) => (&two, there),
            other => panic!("{other:?}"),
        };
        assert_eq!((lost.version, &lost.record.account), (2, &winner.owner));
    }
}

pub async fn racing_owners_lose_no_write(ledger: Arc<dyn Ledger>) {
    const EACH: u32 = 40;
    const OWNERS: u32 = 3;
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("a"))).await;
    let racers = (0..OWNERS).map(|_| tokio::spawn(count_up(ledger.clone(), EACH)));
    for racer in racers.collect::<Vec<_>>() {
        racer.await.unwrap();
    }
    let there = loaded(&*ledger, "a").await;
    assert_eq!(there.record.attempt, OWNERS * EACH);
    assert_eq!(there.version, u64::from(OWNERS * EACH) + 1);
}

/// Raises the record's attempts `times` times, by load and swap.
async fn count_up(ledger: Arc<dyn Ledger>, times: u32) {
    let fence = member(&*ledger).await;
    let mut there = loaded(&*ledger, "a").await;
    let mut done = 0;
    while done < times {
        let mut next = there.record.clone();
        next.attempt += 1;
        match ledger.swap(&fence, there.version, plain(next.clone())).await.unwrap() {
            Swapped::Done(version) => {
                assert_eq!(version, there.version + 1);
                (there.version, there.record) = (version, next);
                done += 1;
            }
            Swapped::Stale(found) => there = *found.unwrap(),
        }
    }
}

pub async fn random_writes_of_two_owners_are_linear(ledger: Arc<dyn Ledger>) {
    for seed in 1..=8 {
        interleave(&*ledger, seed).await;
    }
}

/// What the ledger must hold after every step.
struct Model {
    version: u64,
    attempt: u32,
}

/// Two owners join, leave and write from older or newer versions. Exactly the writes of a living
/// owner from the present version succeed.
async fn interleave(ledger: &dyn Ledger, seed: u64) {
    let id = format!("job-{seed}");
    let mut dice = Dice(seed);
    let mut owners = [(member(ledger).await, true), (member(ledger).await, true)];
    let mut model = Model { version: 0, attempt: 0 };
    for step in 1..=120 {
        let who = dice.below(2);
        match dice.below(10) {
            0 => {
                ledger.leave(&owners[who].0).await.unwrap();
                owners[who].1 = false;
            }
            1 => owners[who] = (member(ledger).await, true),
            _ => {
                let expected = model.version.saturating_sub(dice.below(3) as u64 / 2);
                attempt(ledger, &owners[who], &id, expected, step, &mut model).await;
            }
        }
        let there = ledger.load(&key(&id)).await.unwrap();
        let found = there.map_or((0, 0), |there| (there.version, there.record.attempt));
        assert_eq!(found, (model.version, model.attempt), "seed {seed}, step {step}");
    }
    assert!(model.version > 20, "seed {seed} wrote {} times", model.version);
}

async fn attempt(
    ledger: &dyn Ledger,
    (fence, alive): &(Fence, bool),
    id: &str,
    expected: u64,
    step: u32,
    model: &mut Model,
) {
    let mut mine = record(id);
    mine.attempt = step;
    let done = match model.version {
        0 => ledger.create(fence, plain(mine)).await.map(|answer| {
            assert_eq!(answer, Created::New);
            Some(1)
        }),
        _ => ledger.swap(fence, expected, plain(mine)).await.map(done),
    };
    match (alive, expected == model.version) {
        (false, _) => assert_eq!(done, Err(LedgerError::Fenced)),
        (true, false) => assert_eq!(done, Ok(None)),
        (true, true) => {
            assert_eq!(done, Ok(Some(model.version + 1)));
            (model.version, model.attempt) = (model.version + 1, step);
        }
    }
}

fn done(answer: Swapped) -> Option<u64> {
    match answer {
        Swapped::Done(version) => Some(version),
        Swapped::Stale(_) => None,
    }
}
