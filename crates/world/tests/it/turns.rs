//! Two workers of a full pool: which of them may take jobs.

use std::time::Duration;

use tokio::time::sleep;

use crate::installation::{Installation, SLOTS};

/// Hundreds of rounds of a full pool; a job is held for up to a quarter of an hour.
const LONG: Duration = Duration::from_secs(300);

/// A few rounds: long enough to submit what can be submitted.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn the_turn_stays_with_the_worker_that_has_a_wide_job_in_hand() {
    let installation = Installation::new();
    installation.fill().await;
    let _one = installation.worker().await;
    // The workers must not ask at the same times.
    sleep(Duration::from_millis(130)).await;
    let _other = installation.worker().await;
    installation.publish("wide", SLOTS).await;
    for id in ["narrow-1", "narrow-2", "narrow-3"] {
        installation.publish(id, 1).await;
    }
    installation.frees(1).await;
    sleep(LONG).await;
    assert_eq!(installation.provider.accepted(), [""; 0], "the slot is kept for the wide one");
    installation.frees(SLOTS as usize - 1).await;
    sleep(SOON).await;
    assert_eq!(installation.provider.accepted(), ["wide"]);
    installation.frees(1).await;
    sleep(SOON).await;
    assert_eq!(installation.provider.accepted(), ["wide", "narrow-1", "narrow-2", "narrow-3"]);
}

/// Otherwise other workers would wait for it although slots are free.
#[tokio::test(start_paused = true)]
async fn a_worker_that_stops_gives_back_its_turn_and_its_place_as_the_next() {
    let installation = Installation::new();
    let one = installation.worker().await;
    sleep(Duration::from_millis(130)).await;
    let other = installation.worker().await;
    sleep(SOON).await;
    installation.fill().await;
    for n in 1..=2 {
        installation.publish_at("low", &format!("low-{n}")).await;
        installation.publish_at("high", &format!("high-{n}")).await;
    }
    let mut rounds = 0;
    while installation.turns_are_taken().await != [true, true] {
        rounds += 1;
        assert!(rounds < 10_000, "no worker has the turn while another one waits to be the next");
        sleep(Duration::from_millis(1)).await;
    }
    let patience = Duration::from_secs(1);
    assert_eq!(tokio::join!(one.drain(patience), other.drain(patience)), (true, true));
    assert_eq!(installation.turns_are_taken().await, [false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_with_jobs_soon_has_the_turn() {
    let installation = Installation::new();
    let _one = installation.worker().await;
    sleep(Duration::from_millis(130)).await;
    let _other = installation.worker().await;
    sleep(SOON).await;
    // Each worker takes one job of each lane and finds the pool full.
    installation.fill().await;
    for id in ["low-1", "low-2"] {
        installation.publish_at("low", id).await;
    }
    for id in ["high-1", "high-2"] {
        installation.publish_at("high", id).await;
    }
    sleep(SOON).await;
    for n in 3..=30 {
        installation.publish_at("high", &format!("high-{n}")).await;
    }
    for _ in 0..20 {
        installation.frees(1).await;
        sleep(Duration::from_millis(200)).await;
    }
    let accepted = installation.provider.accepted();
    let place = |id: &str| accepted.iter().position(|accepted| accepted == id);
    let places = ["high-1", "high-2"].map(|id| place(id).expect("accepted"));
    assert!(places.iter().all(|place| *place < 8), "{accepted:?}");
}
