//! A route that fails from its first job on, and several workers: what it costs the others.

use std::time::Duration;

use kling::Route;
use tokio::time::sleep;

use crate::installation::{Installation, Provider, SLOTS};

const BROKEN: Route = Route::ImagesEditingExpand;

const OTHERS: usize = 4;

const WORKERS: u32 = 3;

/// Each failed request holds a slot: one of each worker, and one that finds the route still failing.
const MOST: u32 = WORKERS + 1;

/// Ten jobs of the failing route are at hand at once, and so are nine slots.
#[tokio::test(start_paused = true)]
async fn a_failing_route_takes_a_slot_of_each_worker_and_leaves_the_rest() {
    for stagger in [0, 7, 60] {
        for latency in [5, 150, 900] {
            let failed = failed(latency, stagger).await;
            assert!(failed <= MOST, "{failed} with {latency} ms, {stagger} ms apart");
        }
    }
}

async fn failed(latency: u64, stagger: u64) -> u32 {
    let provider = Provider::broken(BROKEN, Duration::from_millis(latency));
    let installation = Installation::with(provider);
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(installation.worker().await);
        sleep(Duration::from_millis(stagger)).await;
    }
    // Its answer shows that the lane is well.
    installation.publish("first", 1).await;
    sleep(Duration::from_secs(3)).await;
    for n in 0..10 {
        installation.publish_for(BROKEN, &format!("broken-{n}")).await;
    }
    for n in 0..OTHERS {
        installation.publish(&format!("other-{n}"), 1).await;
    }
    sleep(Duration::from_secs(20)).await;
    let accepted = installation.provider.accepted().len();
    assert_eq!(accepted, 1 + OTHERS, "{} of {SLOTS} failed", installation.provider.failed());
    installation.provider.failed()
}
