//! Two workers of a full pool: the turn stays with the one that has a wide job in hand.

mod town;

use std::time::Duration;

use tokio::time::sleep;

use self::town::{SLOTS, Town};

/// Hundreds of rounds of a full pool; a job stays in hand for a quarter of an hour.
const LONG: Duration = Duration::from_secs(300);

/// A few rounds: what can be submitted has been.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn the_turn_stays_with_the_worker_that_has_a_wide_job_in_hand() {
    let town = Town::new();
    town.fill().await;
    let _one = town.worker().await;
    // They do not ask at the same moments.
    sleep(Duration::from_millis(130)).await;
    let _other = town.worker().await;
    town.publish("wide", SLOTS).await;
    for id in ["narrow-1", "narrow-2", "narrow-3"] {
        town.publish(id, 1).await;
    }
    town.frees(1).await;
    sleep(LONG).await;
    assert_eq!(town.provider.accepted(), [""; 0], "the slot is kept for the wide one");
    town.frees(SLOTS as usize - 1).await;
    sleep(SOON).await;
    assert_eq!(town.provider.accepted(), ["wide"]);
    town.frees(1).await;
    sleep(SOON).await;
    assert_eq!(town.provider.accepted(), ["wide", "narrow-1", "narrow-2", "narrow-3"]);
}
